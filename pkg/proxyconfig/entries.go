package proxyconfig

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// entry is a resource as it stands in its section, in the spelling of protobuf's JSON.
type entry struct {
	Name    string         `json:"name,omitempty"`
	Version string         `json:"versionInfo,omitempty"`
	Updated string         `json:"lastUpdated,omitempty"`
	Secret  jsontext.Value `json:"secret,omitempty"`
	Filter  jsontext.Value `json:"ecdsFilter,omitempty"`
}

// entries gives back a section of secrets or of filters as a whole.
func entries(d *dump.Dump, section dump.Section) func() any {
	return func() any { return entryLists(d, section) }
}

func entryLists(d *dump.Dump, section dump.Section) map[string][]entry {
	out := map[string][]entry{}
	for _, r := range d.List(section) {
		if section == dump.ECDS {
			out["ecdsFilters"] = append(out["ecdsFilters"], entry{Version: r.Version, Updated: r.Updated, Filter: dump.Camel(r.Body)})
			continue
		}
		list := map[dump.State]string{
			dump.Static: "staticSecrets", dump.Active: "dynamicActiveSecrets", dump.Warming: "dynamicWarmingSecrets",
		}[r.State]
		out[list] = append(out[list], entry{Name: r.Name(), Version: r.Version, Updated: r.Updated, Secret: dump.Camel(r.Body)})
	}
	return out
}
