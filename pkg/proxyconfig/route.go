package proxyconfig

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func routeView() View {
	return View{
		Name: "route", Aliases: []string{"routes", "r"},
		Short:   "Show the routes: which request goes where",
		Filters: []string{"name", "verbose", "istio-object"},
		Reads:   dump.Routes,
		Rows:    routeRows,
	}
}

func routeRows(d *dump.Dump, f Filter) (Report, error) {
	if err := d.Need(dump.Routes); err != nil {
		return Report{}, err
	}
	held := inUse(d, dump.Routes)
	if len(held) == 0 {
		return Report{}, emptyError{dump.Routes}
	}
	all, err := decodeAll[routeSummary](causedBy(held, f.Object))
	if err != nil {
		return Report{}, err
	}
	slices.SortStableFunc(all, func(a, b decoded[routeSummary]) int { return compareNames(a.Value.Name, b.Value.Name) })
	r := Report{Columns: append(columns("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"),
		wide("CONDITIONS", "ROUTE", "CLUSTER", "STATE", "UPDATED")...)}
	if f.Brief {
		r.Columns = append(columns("NAME", "VIRTUAL HOSTS"), wide("STATE", "UPDATED")...)
	}
	var shown []dump.Resource
	for _, rc := range all {
		if f.Name != "" && f.Name != rc.Value.Name {
			continue
		}
		shown = append(shown, rc.Resource)
		more := []string{rc.Resource.State.String(), rc.Resource.Updated}
		if f.Brief {
			r.Names = append(r.Names, "route/"+rc.Value.Name)
			r.Rows = append(r.Rows, append([]string{rc.Value.Name, strconv.Itoa(len(rc.Value.Hosts))}, more...))
			continue
		}
		var full xds.RouteConfig
		if f.Wide {
			if err := xds.Decode(rc.Resource.Body, &full); err != nil {
				return Report{}, inResource(rc.Resource, err)
			}
		}
		for _, row := range hostRows(rc.Value, full, f.Object) {
			r.Names = append(r.Names, "route/"+rc.Value.Name)
			r.Rows = append(r.Rows, append(row, more...))
		}
	}
	r.setBodies(shown)
	return r, nil
}

// hostRows has a row for each route that is not just let through. full is the whole of the
// route configuration, for the wide columns, or nothing.
func hostRows(rc routeSummary, full xds.RouteConfig, only xds.Object) [][]string {
	var out [][]string
	for i, host := range rc.Hosts {
		at := []string{rc.Name, host.Name, describeDomains(host.Domains)}
		if len(host.Routes) == 0 && only == (xds.Object{}) {
			out = append(out, slices.Concat(at, []string{"/*", "404", "", "", ""}))
		}
		for j, route := range host.Routes {
			config := string(route.Metadata.Filter.Istio.Config)
			if only != (xds.Object{}) {
				if o, _ := xds.ObjectOfPath(config); o != only {
					continue
				}
			}
			cluster := ""
			if route.Action != nil {
				cluster = route.Action.Cluster
			}
			if cluster == "PassthroughCluster" {
				continue
			}
			when := ""
			if i < len(full.VirtualHosts) && j < len(full.VirtualHosts[i].Routes) {
				whole := full.VirtualHosts[i].Routes[j]
				when, cluster = conditions(whole.Match), routeTarget(whole)
			}
			out = append(out, slices.Concat(at,
				[]string{describeRouteMatch(route.Match), origin(config), when, route.Name, cluster}))
		}
	}
	return out
}

// compareNames orders port numbers by value and before other names.
func compareNames(a, b string) int {
	m, errA := strconv.Atoi(a)
	n, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(m, n)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(a, b)
}

func describeRouteMatch(m matchSummary) string {
	var out []string
	if m.Prefix != "" {
		out = append(out, m.Prefix+"*")
	}
	if m.SeparatedPrefix != "" {
		out = append(out, "PathPrefix:"+m.SeparatedPrefix)
	}
	if m.Path != "" {
		out = append(out, m.Path)
	}
	if m.Regex != nil {
		out = append(out, "regex "+m.Regex.Regex)
	}
	return strings.Join(out, " ")
}
