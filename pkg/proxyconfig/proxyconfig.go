// Package proxyconfig shows what a proxy does: tables over Envoy's own dump, a
// semantic comparison of two dumps (package diff) and the way of one request
// through a proxy (package trace). Data in, data out: where a dump comes from and
// how a report is printed is the caller's business.
package proxyconfig

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// View is one way to look at a dump. Adding a view is adding a file with one View,
// and its line in Views.
type View struct {
	Name    string
	Aliases []string
	// Short says in one line what the view shows.
	Short string
	// Filters names the flags of the view, fields of Filter.
	Filters []string
	// Reads are the sections that the view needs; others are not kept.
	Reads dump.Section
	// Hidden views are not in the help.
	Hidden bool
	// Bare views print JSON unless another format is asked for.
	Bare bool
	// Rows makes the report.
	Rows func(*dump.Dump, Filter) (Report, error)
}

// Views lists the views in the order of the help.
func Views() []View {
	return []View{
		clusterView(),
		listenerView(),
		routeView(),
		endpointView(),
		edsView(),
		bootstrapView(),
		secretView(),
		ecdsView(),
	}
}

// Filter selects rows. Zero values select all.
type Filter struct {
	FQDN, Subset, Direction string
	Port                    int
	Address, Type           string
	Name                    string
	Cluster, Status         string
	// Object is an Istio object; only what comes from it is shown.
	Object xds.Object
	// Now is the time at which certificates are judged.
	Now time.Time
	// Brief shows one row a resource instead of one a match.
	Brief bool
	// Wide fills the wide columns too, where that costs something.
	Wide bool
}

// Report is what a view found.
type Report struct {
	Columns []Column
	Rows    [][]string
	// Lines stand for a table that needs no columns.
	Lines []string
	// Names are `kind/name` of the resource of each row, for scripts.
	Names []string
	// Notes are for the reader, not part of the answer.
	Notes []string
	// Data gives the proxy's own data for JSON and YAML. It is a function because
	// a table does not need it.
	Data func() any
	// Each, if not nil, makes the elements of Data one by one, so that a large dump is not
	// held a second time. They may be called at the same time.
	Each []func() jsontext.Value
}

// Column is a column of a table; wide ones are shown on request.
type Column struct {
	Title string
	Wide  bool
}

func columns(titles ...string) []Column {
	out := make([]Column, len(titles))
	for i, title := range titles {
		out[i].Title = title
	}
	return out
}

func wide(titles ...string) []Column {
	out := columns(titles...)
	for i := range out {
		out[i].Wide = true
	}
	return out
}

// setBodies makes the resources, in the spelling of protobuf's JSON, the report's data.
func (r *Report) setBodies(resources []dump.Resource) {
	r.Each = make([]func() jsontext.Value, len(resources))
	for i := range resources {
		r.Each[i] = func() jsontext.Value { return dump.Plain(resources[i].Body) }
	}
	r.Data = func() any {
		out := make([]jsontext.Value, len(resources))
		for i, element := range r.Each {
			out[i] = element()
		}
		return out
	}
}
