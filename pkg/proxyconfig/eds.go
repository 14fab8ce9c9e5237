package proxyconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// edsView is the peer's hidden way to the endpoints of a config dump.
func edsView() View {
	return View{
		Name:    "eds",
		Short:   "Show the endpoints that came by endpoint discovery",
		Hidden:  true,
		Filters: []string{"address", "port", "cluster", "status"},
		Reads:   dump.Endpoints,
		Rows:    edsRows,
	}
}

// edsRows shows the endpoints of a config dump. They have localities, but what the
// proxy found out about their health is in /clusters only.
func edsRows(d *dump.Dump, f Filter) (Report, error) {
	r := Report{
		Columns: append(columns("NAME", "STATUS", "LOCALITY", "CLUSTER"), wide("WEIGHT", "PRIORITY", "HOSTNAME")...),
	}
	if err := d.Need(dump.Endpoints); err != nil {
		return Report{}, err
	}
	all, err := decodeAll[xds.Assignment](d.List(dump.Endpoints))
	if err != nil {
		return Report{}, err
	}
	slices.SortStableFunc(all, func(a, b decoded[xds.Assignment]) int {
		m, _ := xds.ParseSubsetKey(a.Value.Cluster)
		n, _ := xds.ParseSubsetKey(b.Value.Cluster)
		return m.Compare(n)
	})
	var shown []dump.Resource
	for _, c := range all {
		before := len(r.Rows)
		for _, group := range c.Value.Locality {
			for _, e := range group.Endpoints {
				names := endpointAddresses(e)
				if !f.wantsEndpoint(names, e.Endpoint.Address.Port(), e.Status(), c.Value.Cluster) {
					continue
				}
				name := strings.Join(names, ",")
				r.Names = append(r.Names, "endpoint/"+name)
				r.Rows = append(r.Rows, []string{name, e.Status(), group.Locality.String(), c.Value.Cluster,
					strconv.Itoa(int(e.Weight)), strconv.Itoa(int(group.Priority)), e.Endpoint.Hostname})
			}
		}
		if len(r.Rows) > before {
			shown = append(shown, c.Resource)
		}
	}
	r.setBodies(shown)
	return r, nil
}

func endpointAddresses(e xds.Endpoint) []string {
	out := []string{e.Endpoint.Address.String()}
	for _, more := range e.Endpoint.Additional {
		out = append(out, more.Address.String())
	}
	return out
}
