package proxyconfig

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func endpointView() View {
	return View{
		Name: "endpoint", Aliases: []string{"endpoints", "ep"},
		Short:   "Show the endpoints: the addresses behind the clusters, and their health",
		Filters: []string{"address", "port", "cluster", "status"},
		Reads:   dump.Hosts | dump.Endpoints,
		Rows:    endpointRows,
	}
}

// endpointRows reads /clusters if that is what was given, else the endpoints of a
// config dump.
func endpointRows(d *dump.Dump, f Filter) (Report, error) {
	if d.Seen.Has(dump.Hosts) {
		return hostsReport(d, f)
	}
	if err := d.Need(dump.Endpoints); err != nil {
		return Report{}, err
	}
	return edsRows(d, f)
}

func hostsReport(d *dump.Dump, f Filter) (Report, error) {
	all, err := decodeAll[xds.ClusterStatus](d.List(dump.Hosts))
	if err != nil {
		return Report{}, err
	}
	type hostRow struct {
		address, cluster string
		port             int
		cells            []string
	}
	var rows []hostRow
	var shown []dump.Resource
	for _, c := range all {
		before := len(rows)
		for _, h := range c.Value.Hosts {
			address, port, status := hostAddress(h.Address), h.Address.Port(), xds.HealthStatus(h.Health.EDS)
			if !f.wantsEndpoint([]string{address}, port, status, c.Value.Name) {
				continue
			}
			text, outlier := address, "OK"
			if port != 0 {
				text += ":" + strconv.Itoa(port)
			}
			if h.Health.FailedOutlier {
				outlier = "FAILED"
			}
			rows = append(rows, hostRow{address, c.Value.Name, port,
				[]string{text, status, outlier, c.Value.Name, h.Locality.String(), strconv.Itoa(int(h.Weight)), h.Hostname}})
		}
		if len(rows) > before {
			shown = append(shown, c.Resource)
		}
	}
	slices.SortStableFunc(rows, func(a, b hostRow) int {
		return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(a.port, b.port), cmp.Compare(a.cluster, b.cluster))
	})
	r := Report{
		Columns: append(columns("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER"), wide("LOCALITY", "WEIGHT", "HOSTNAME")...),
	}
	r.setBodies(shown)
	for _, row := range rows {
		r.Rows = append(r.Rows, row.cells)
		r.Names = append(r.Names, "endpoint/"+row.cells[0])
	}
	return r, nil
}

// hostAddress writes a path as a URL, as the peer does in this table only.
func hostAddress(a xds.Address) string {
	switch {
	case a.Socket != nil:
		return a.Socket.Address
	case a.Pipe != nil:
		return "unix://" + a.Pipe.Path
	}
	return a.String()
}

// wantsEndpoint compares whole values and takes no notice of case.
func (f Filter) wantsEndpoint(addresses []string, port int, status, cluster string) bool {
	return (f.Address == "" || slices.ContainsFunc(addresses, func(a string) bool { return strings.EqualFold(a, f.Address) })) &&
		(f.Port == 0 || f.Port == port) &&
		(f.Status == "" || strings.EqualFold(status, f.Status)) &&
		(f.Cluster == "" || strings.EqualFold(cluster, f.Cluster))
}
