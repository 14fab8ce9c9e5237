package dump

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// readBootstrap makes a dump of the members of a bootstrap file: what is static in
// it is listed as in the dump of a proxy that was started with it.
func readBootstrap(members map[string]jsontext.Value, want Section) (*Dump, error) {
	if err := looksLikeBootstrap(members); err != nil {
		return nil, err
	}
	d := &Dump{Kind: BootstrapFile, Seen: Bootstrap, lists: map[Section][]Resource{}}
	if want.Has(Bootstrap) {
		body, err := json.Marshal(members, json.Deterministic(true))
		if err != nil {
			return nil, fmt.Errorf("reading the bootstrap: %w", err)
		}
		d.lists[Bootstrap] = []Resource{{Section: Bootstrap, Body: body}}
	}
	for name, value := range members {
		if fold(name) == "staticresources" {
			return d, readStatic(d, value, want, "/"+name)
		}
	}
	return d, nil
}

func looksLikeBootstrap(members map[string]jsontext.Value) error {
	for name := range members {
		switch fold(name) {
		case "staticresources", "dynamicresources", "admin", "node", "layeredruntime":
			return nil
		case "workloads", "services":
			return fmt.Errorf("this is a dump of ztunnel, not of Envoy: use `ztunnel-config`")
		}
	}
	names := slices.Sorted(maps.Keys(members))
	return fmt.Errorf("this is no dump of Envoy: expected one of configs, cluster_statuses, static_resources; found %s",
		strings.Join(names[:min(len(names), 5)], ", "))
}

// readStatic lists static_resources, and the routes and endpoints within, which a
// running proxy lists in sections of their own.
func readStatic(d *Dump, value jsontext.Value, want Section, at string) error {
	sections := map[string]Section{"clusters": Clusters, "listeners": Listeners, "secrets": Secrets}
	d.Seen |= Clusters | Listeners | Secrets | Routes | Endpoints
	s := newScanner(bytes.NewReader(value))
	return s.members(func(name string) error {
		section := sections[fold(name)]
		return s.elements(func(i int) error {
			body, err := s.value()
			if err != nil || section == 0 {
				return err
			}
			res := Resource{Section: section, Body: body, Pointer: fmt.Sprintf("%s/%s/%d", at, name, i)}
			if want.Has(section) {
				d.lists[section] = append(d.lists[section], res)
			}
			return inlined(d, res, want)
		})
	})
}

// inlined lists the load assignment of a cluster and the route configurations of a
// listener's connection managers.
func inlined(d *Dump, res Resource, want Section) error {
	var holder struct {
		LoadAssignment jsontext.Value `json:"load_assignment"`
		FilterChains   []struct {
			Filters []struct {
				Typed  manager `json:"typed_config"`
				Config manager `json:"config"` // until Envoy 1.16
			} `json:"filters"`
		} `json:"filter_chains"`
	}
	if err := xds.Decode(res.Body, &holder); err != nil {
		return fmt.Errorf("reading %s: %w", res.Pointer, err)
	}
	if holder.LoadAssignment != nil && want.Has(Endpoints) {
		d.lists[Endpoints] = append(d.lists[Endpoints],
			Resource{Section: Endpoints, Body: holder.LoadAssignment, Pointer: res.Pointer + "/load_assignment"})
	}
	for i, chain := range holder.FilterChains {
		for j, filter := range chain.Filters {
			for field, m := range map[string]manager{"typed_config": filter.Typed, "config": filter.Config} {
				if m.Routes == nil || !want.Has(Routes) {
					continue
				}
				at := fmt.Sprintf("%s/filter_chains/%d/filters/%d/%s/route_config", res.Pointer, i, j, field)
				d.lists[Routes] = append(d.lists[Routes], Resource{Section: Routes, Body: m.Routes, Pointer: at})
			}
		}
	}
	return nil
}

// manager is an HTTP connection manager with its routes in place.
type manager struct {
	Routes jsontext.Value `json:"route_config"`
}
