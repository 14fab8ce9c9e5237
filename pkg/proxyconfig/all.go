package proxyconfig

import (
	"errors"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// Part is one view within the overview of a proxy.
type Part struct {
	// Title names the part, as the peer's --with-headers does.
	Title string
	Report
}

// Overview hands the reports of the other views to show, one after the other, and gives notes
// about the sections that are missing. It takes each section out of the dump once that has
// been shown: of a large one not all is held to the end.
func Overview(d *dump.Dump, f Filter, show func(Part) error) (notes []string, err error) {
	shown := false
	for _, p := range []struct {
		title string
		uses  dump.Section
		rows  func(*dump.Dump, Filter) (Report, error)
	}{
		{"BOOTSTRAP INFO", dump.Bootstrap, bootstrapRows},
		{"CLUSTER INFO", dump.Clusters, clusterRows},
		{"LISTENER INFO", dump.Listeners, listenerRows},
		{"ROUTE INFO", dump.Routes, routeRows},
		{"SECRET INFO", dump.Secrets, secretRows},
		{"ENDPOINTS INFO", dump.Endpoints | dump.Hosts, endpointRows},
	} {
		report, err := p.rows(d, f)
		var missing *dump.MissingError
		var empty emptyError
		switch {
		case errors.As(err, &missing), errors.As(err, &empty):
			notes = append(notes, err.Error())
			continue
		case err != nil:
			return nil, err
		}
		if err := show(Part{p.title, named(report)}); err != nil {
			return nil, err
		}
		shown = true
		d.Drop(p.uses)
	}
	if !shown {
		return nil, errors.New("the dump has no section that this program knows")
	}
	return notes, nil
}

// OverviewReads are the sections that the overview needs. With whole the text of
// the dump is kept, to be given back as JSON.
func OverviewReads(whole bool) dump.Section {
	if whole {
		return dump.Whole
	}
	return dump.All &^ dump.ScopedRoutes &^ dump.ECDS
}

// named puts the kind before the name of the resource in each row, so that it can be
// given to other commands; the row gets a name if it has none.
func named(r Report) Report {
	if len(r.Columns) == 0 {
		return r
	}
	hasName := r.Columns[0].Title == "NAME" || r.Columns[0].Title == "RESOURCE NAME" || r.Columns[0].Title == "ENDPOINT"
	if !hasName {
		r.Columns = append(columns("NAME"), r.Columns...)
	}
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		rest := row
		if hasName {
			rest = row[1:]
		}
		rows[i] = append([]string{r.Names[i]}, rest...)
	}
	r.Rows = rows
	return r
}
