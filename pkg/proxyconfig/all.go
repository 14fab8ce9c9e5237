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

// Overview shows everything that a dump has: the reports of the other views, and
// notes about the sections that are missing.
func Overview(d *dump.Dump, f Filter) ([]Part, []string, error) {
	var parts []Part
	var notes []string
	for _, p := range []struct {
		title string
		rows  func(*dump.Dump, Filter) (Report, error)
	}{
		{"BOOTSTRAP INFO", bootstrapRows},
		{"CLUSTER INFO", clusterRows},
		{"LISTENER INFO", listenerRows},
		{"ROUTE INFO", routeRows},
		{"SECRET INFO", secretRows},
		{"ENDPOINTS INFO", endpointRows},
	} {
		report, err := p.rows(d, f)
		var missing *dump.MissingError
		var empty emptyError
		switch {
		case errors.As(err, &missing), errors.As(err, &empty):
			notes = append(notes, err.Error())
			continue
		case err != nil:
			return nil, nil, err
		}
		parts = append(parts, Part{p.title, named(report)})
	}
	if len(parts) == 0 {
		return nil, nil, errors.New("the dump has no section that this program knows")
	}
	return parts, notes, nil
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
