package proxyconfig

import (
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func clusterView() View {
	return View{
		Name: "cluster", Aliases: []string{"clusters", "c"},
		Short:   "Show the clusters: the services that the proxy can send to",
		Filters: []string{"fqdn", "port", "subset", "direction", "istio-object"},
		Reads:   dump.Clusters,
		Rows:    clusterRows,
	}
}

// clusterRow is a cluster with what it is sorted and shown by.
type clusterRow struct {
	dump.Resource
	xds.Cluster
	key   xds.SubsetKey
	istio bool
}

func clusterRows(d *dump.Dump, f Filter) (Report, error) {
	if err := d.Need(dump.Clusters); err != nil {
		return Report{}, err
	}
	held := inUse(d, dump.Clusters)
	if len(held) == 0 {
		return Report{}, emptyError{dump.Clusters}
	}
	decoded, err := decodeAll[xds.Cluster](causedBy(held, f.Object))
	if err != nil {
		return Report{}, err
	}
	var rows []clusterRow
	for _, c := range decoded {
		if f.wantsCluster(c.Value.Name) {
			key, istio := xds.ParseSubsetKey(c.Value.Name)
			rows = append(rows, clusterRow{c.Resource, c.Value, key, istio})
		}
	}
	slices.SortStableFunc(rows, func(a, b clusterRow) int { return a.key.Compare(b.key) })

	r := Report{Columns: append(columns("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"),
		wide("STATE", "UPDATED")...)}
	shown := make([]dump.Resource, len(rows))
	for i, c := range rows {
		cells := []string{c.Cluster.Name, "-", "-", "-"}
		if c.istio {
			cells = []string{c.key.Host, strconv.Itoa(c.key.Port), orDash(c.key.Subset), c.key.Direction}
		}
		r.Rows = append(r.Rows, append(cells, c.Discovery(), origin(string(c.Metadata.Filter.Istio.Config)),
			c.State.String(), c.Updated))
		r.Names = append(r.Names, "cluster/"+c.Cluster.Name)
		shown[i] = c.Resource
	}
	r.setBodies(shown)
	return r, nil
}

// wantsCluster looks at the name alone, as the peer does: --subset v finds v1.
func (f Filter) wantsCluster(name string) bool {
	return strings.Contains(name, f.FQDN) &&
		strings.Contains(name, f.Direction) &&
		strings.Contains(name, f.Subset) &&
		(f.Port == 0 || strings.Contains(name, "|"+strconv.Itoa(f.Port)+"|"))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
