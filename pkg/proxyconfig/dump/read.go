package dump

import (
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reader fills a Dump from JSON.
type reader struct {
	*scanner
	dump *Dump
	want Section
	// rest are members of the outermost object that belong to no dump: if there
	// are such, the text may be a bootstrap.
	rest map[string]jsontext.Value
}

// readJSON reads the JSON text of a dump.
func readJSON(in io.Reader, want Section) (*Dump, error) {
	r := &reader{
		scanner: newScanner(in),
		dump:    &Dump{Kind: ConfigDump, lists: map[Section][]Resource{}, places: map[place]string{}},
		want:    want,
		rest:    map[string]jsontext.Value{},
	}
	err := r.members(func(name string) error {
		switch fold(name) {
		case "configs":
			return r.elements(func(i int) error {
				r.dump.count++
				return r.section("/" + name + "/" + strconv.Itoa(i))
			})
		case "clusterstatuses":
			r.dump.Kind = ClustersDump
			return r.list(name, "/"+name)
		case "bootstrap":
			return r.list(name, "/"+name)
		case "lastupdated":
			text, err := r.text()
			r.stampBootstrap(text)
			return err
		}
		value, err := r.value()
		r.rest[name] = value
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.atEnd(); err != nil {
		return nil, err
	}
	if len(r.rest) > 0 && r.dump.Seen == 0 {
		return readBootstrap(r.rest, want)
	}
	return r.dump, nil
}

// section reads an element of configs.
func (r *reader) section(at string) error {
	return r.members(func(name string) error {
		if fold(name) == "lastupdated" {
			text, err := r.text()
			r.stampBootstrap(text)
			return err
		}
		if name != "@type" {
			return r.list(name, at+"/"+pointer(name))
		}
		kind, err := r.text()
		if err != nil {
			return err
		}
		kind = kind[strings.LastIndexByte(kind, '.')+1:]
		if section, ok := sectionOfType(kind); ok {
			r.dump.Seen |= section
			r.dump.places[place{section: section}] = at
		} else {
			r.dump.Others = append(r.dump.Others, kind)
		}
		return nil
	})
}

// stampBootstrap notes the time of the bootstrap, which stands beside it.
func (r *reader) stampBootstrap(updated string) {
	if list := r.dump.lists[Bootstrap]; len(list) == 1 && list[0].Updated == "" {
		list[0].Updated = updated
	}
}

// sectionOfType maps the message types of envoy.admin.v3.
func sectionOfType(kind string) (Section, bool) {
	switch kind {
	case "BootstrapConfigDump":
		return Bootstrap, true
	case "ClustersConfigDump", "DynamicCluster", "StaticCluster":
		return Clusters, true
	case "ListenersConfigDump", "DynamicListener", "StaticListener":
		return Listeners, true
	case "RoutesConfigDump", "DynamicRouteConfig", "StaticRouteConfig":
		return Routes, true
	case "ScopedRoutesConfigDump", "DynamicScopedRouteConfigs", "InlineScopedRouteConfigs":
		return ScopedRoutes, true
	case "EndpointsConfigDump", "DynamicEndpointConfig", "StaticEndpointConfig":
		return Endpoints, true
	case "SecretsConfigDump", "DynamicSecret", "StaticSecret":
		return Secrets, true
	case "EcdsConfigDump", "EcdsFilterConfig":
		return ECDS, true
	}
	return 0, false
}

// list reads the member of a section that holds resources; others are skipped.
func (r *reader) list(field, at string) error {
	l, ok := lists(field)
	if !ok {
		return r.loose(field, at)
	}
	r.dump.Seen |= l.section
	r.dump.places[place{l.section, l.state, true}] = at
	if !r.want.Has(l.section) {
		return r.skip()
	}
	if l.section == Bootstrap {
		body, err := r.value()
		r.add(Resource{Section: Bootstrap, Body: body, Pointer: at})
		return err
	}
	return r.elements(func(i int) error {
		place := at + "/" + strconv.Itoa(i)
		if l.inner == "" {
			body, err := r.value()
			r.add(Resource{Section: l.section, State: l.state, Body: body, Pointer: place})
			return err
		}
		return r.element(l, place)
	})
}

// add keeps a resource.
func (r *reader) add(res Resource) {
	if res.Body != nil {
		r.dump.lists[res.Section] = append(r.dump.lists[res.Section], res)
	}
}
