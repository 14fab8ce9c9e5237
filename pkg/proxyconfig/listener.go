package proxyconfig

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func listenerView() View {
	return View{
		Name: "listener", Aliases: []string{"listeners", "l"},
		Short:   "Show the listeners: where the proxy accepts connections and what it does with them",
		Filters: []string{"address", "port", "type", "verbose", "istio-object"},
		Reads:   dump.Listeners,
		Rows:    listenerRows,
	}
}

func listenerRows(d *dump.Dump, f Filter) (Report, error) {
	if err := d.Need(dump.Listeners); err != nil {
		return Report{}, err
	}
	held := inUse(d, dump.Listeners)
	if len(held) == 0 {
		return Report{}, emptyError{dump.Listeners}
	}
	all, err := decodeAll[xds.Listener](causedBy(held, f.Object))
	if err != nil {
		return Report{}, err
	}
	all = slices.DeleteFunc(all, func(l decoded[xds.Listener]) bool { return !f.wantsListener(l.Value) })

	shown := make([]dump.Resource, len(all))
	for i, l := range all {
		shown[i] = l.Resource
	}
	r := Report{}
	r.setBodies(shown)
	slices.SortStableFunc(all, func(a, b decoded[xds.Listener]) int {
		return cmp.Or(cmp.Compare(a.Value.Address.Port(), b.Value.Address.Port()),
			cmp.Compare(a.Value.Address.Host(), b.Value.Address.Host()),
			cmp.Compare(listenerType(a.Value), listenerType(b.Value)))
	})
	r.Columns = append(columns("ADDRESSES", "PORT", "MATCH", "DESTINATION"), wide("NAME", "STATE", "UPDATED")...)
	if f.Brief {
		r.Columns = append(columns("ADDRESSES", "PORT", "TYPE"), wide("NAME", "STATE", "UPDATED")...)
	}
	for _, l := range all {
		at := []string{strings.Join(addresses(l.Value), ","), strconv.Itoa(l.Value.Address.Port())}
		add := func(row []string) {
			r.Rows = append(r.Rows, row)
			r.Names = append(r.Names, "listener/"+l.Value.Name)
		}
		more := []string{l.Value.Name, l.Resource.State.String(), l.Resource.Updated}
		if f.Brief {
			add(slices.Concat(at, []string{listenerType(l.Value)}, more))
			continue
		}
		chains, err := describeChains(l.Value)
		if err != nil {
			return Report{}, err
		}
		for _, chain := range chains {
			add(slices.Concat(at, []string{chain.match, chain.destination}, more))
		}
	}
	return r, nil
}

// wantsListener compares whole values and takes no notice of case.
func (f Filter) wantsListener(l xds.Listener) bool {
	return (f.Address == "" || slices.ContainsFunc(addresses(l), func(a string) bool { return strings.EqualFold(a, f.Address) })) &&
		(f.Port == 0 || l.Address.Port() == f.Port) &&
		(f.Type == "" || strings.EqualFold(listenerType(l), f.Type))
}

func addresses(l xds.Listener) []string {
	out := []string{l.Address.Host()}
	for _, more := range l.Additional {
		out = append(out, more.Address.Host())
	}
	return out
}

// listenerType sorts listeners by the filters in their chains. A chain that refuses
// everything does not count.
func listenerType(l xds.Listener) string {
	var http, tcp bool
	for _, chain := range l.AllChains() {
		for _, filter := range chain.Filters {
			http = http || filter.IsHTTP()
			tcp = tcp || filter.IsTCP() && !filter.IsBlackHole()
		}
	}
	switch {
	case http && tcp:
		return "HTTP+TCP"
	case http:
		return "HTTP"
	case tcp:
		return "TCP"
	}
	return "UNKNOWN"
}
