package proxyconfig

import (
	"cmp"
	"slices"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func ecdsView() View {
	return View{
		Name: "ecds", Aliases: []string{"ec"},
		Short: "Show the filters that came by extension discovery, such as Wasm plugins",
		Reads: dump.ECDS,
		Rows:  ecdsRows,
	}
}

func ecdsRows(d *dump.Dump, _ Filter) (Report, error) {
	if err := d.Need(dump.ECDS); err != nil {
		return Report{}, err
	}
	all, err := decodeAll[xds.ExtensionConfig](d.List(dump.ECDS))
	if err != nil {
		return Report{}, err
	}
	slices.SortStableFunc(all, func(a, b decoded[xds.ExtensionConfig]) int {
		return cmp.Or(cmp.Compare(a.Value.Typed.URL, b.Value.Typed.URL), cmp.Compare(a.Value.Name, b.Value.Name))
	})
	r := Report{Columns: append(columns("ECDS NAME", "TYPE"), wide("VERSION", "UPDATED")...), Data: entries(d, dump.ECDS)}
	for _, e := range all {
		r.Rows = append(r.Rows, []string{e.Value.Name, xds.ShortType(e.Value.Typed.URL), e.Resource.Version, e.Resource.Updated})
		r.Names = append(r.Names, "ecds/"+e.Value.Name)
	}
	return r, nil
}
