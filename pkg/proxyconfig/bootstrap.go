package proxyconfig

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func bootstrapView() View {
	return View{
		Name: "bootstrap", Aliases: []string{"b"},
		Short: "Show the bootstrap: what the proxy was started with",
		Reads: dump.Bootstrap,
		Bare:  true,
		Rows:  bootstrapRows,
	}
}

// bootstrapRows names the versions of proxy and mesh.
func bootstrapRows(d *dump.Dump, _ Filter) (Report, error) {
	if err := d.Need(dump.Bootstrap); err != nil {
		return Report{}, err
	}
	var r Report
	for _, b := range d.List(dump.Bootstrap) {
		var boot xds.Bootstrap
		if err := xds.Decode(b.Body, &boot); err != nil {
			return Report{}, inResource(b, err)
		}
		add := func(title, value string) {
			if value != "" {
				r.Lines = append(r.Lines, title+" "+value)
			}
		}
		add("Istio Version:", string(boot.Node.Metadata.IstioVersion))
		sha := string(boot.Node.Metadata.ProxySHA)
		if _, after, found := strings.Cut(sha, ":"); found {
			sha = after
		}
		add("Istio Proxy Version:", sha)
		add("Envoy Version:", boot.Node.EnvoyVersion())
		r.Names = append(r.Names, "bootstrap/"+boot.Node.ID)
		r.Data = func() any {
			return struct {
				Bootstrap jsontext.Value `json:"bootstrap"`
				Updated   string         `json:"lastUpdated,omitempty"`
			}{dump.Plain(b.Body), b.Updated}
		}
	}
	return r, nil
}
