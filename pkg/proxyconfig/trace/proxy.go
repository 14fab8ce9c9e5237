package trace

import (
	"fmt"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// Reads are the sections that a trace needs.
const Reads = dump.Bootstrap | dump.Clusters | dump.Listeners | dump.Routes | dump.Endpoints | dump.Hosts | dump.ECDS | dump.ScopedRoutes

// Proxy is a dump, ready to be asked. Listeners and routes are decoded at once,
// clusters and endpoints when they are needed.
type Proxy struct {
	Node      xds.Node
	listeners []xds.Listener
	routes    []xds.RouteConfig
	scopes    []xds.ScopeSet
	clusters  map[string]dump.Resource
	endpoints map[string]dump.Resource
	ecds      map[string]xds.Any
	// hasEndpoints tells whether the dump was taken with endpoints.
	hasEndpoints bool
}

// NewProxy prepares a dump.
func NewProxy(d *dump.Dump) (*Proxy, error) {
	p := &Proxy{
		clusters: map[string]dump.Resource{}, endpoints: map[string]dump.Resource{}, ecds: map[string]xds.Any{},
		hasEndpoints: d.Seen.Has(dump.Endpoints),
	}
	for _, section := range []dump.Section{dump.Listeners, dump.Clusters} {
		if err := d.Need(section); err != nil {
			return nil, err
		}
	}
	for _, r := range d.List(dump.Bootstrap) {
		var boot xds.Bootstrap
		if err := xds.Decode(r.Body, &boot); err != nil {
			return nil, fmt.Errorf("the bootstrap: %w", err)
		}
		p.Node = boot.Node
	}
	for _, r := range d.List(dump.Listeners) {
		if r.State == dump.Static || r.State == dump.Active {
			var l xds.Listener
			if err := xds.Decode(r.Body, &l); err != nil {
				return nil, fmt.Errorf("listener %s: %w", r.Name(), err)
			}
			p.listeners = append(p.listeners, l)
		}
	}
	for _, r := range d.List(dump.Routes) {
		var rc xds.RouteConfig
		if err := xds.Decode(r.Body, &rc); err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Name(), err)
		}
		p.routes = append(p.routes, rc)
	}
	for _, r := range d.List(dump.ScopedRoutes) {
		var s xds.ScopeSet
		if err := xds.Decode(r.Body, &s); err != nil {
			return nil, fmt.Errorf("scoped routes %s: %w", r.Name(), err)
		}
		p.scopes = append(p.scopes, s)
	}
	for _, r := range d.List(dump.ECDS) {
		var e xds.ExtensionConfig
		if xds.Decode(r.Body, &e) == nil {
			p.ecds[e.Name] = e.Typed
		}
	}
	for _, r := range d.List(dump.Clusters) {
		if r.State != dump.Warming {
			p.clusters[r.Name()] = r
		}
	}
	for _, r := range d.List(dump.Endpoints) {
		p.endpoints[r.Name()] = r
	}
	return p, nil
}

// cluster decodes a cluster, nil if the proxy has none of that name.
func (p *Proxy) cluster(name string) (*xds.Upstream, error) {
	r, ok := p.clusters[name]
	if !ok {
		return nil, nil
	}
	var c xds.Upstream
	if err := xds.Decode(r.Body, &c); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", name, err)
	}
	return &c, nil
}

// assignment gives the endpoints of a cluster; those of static and DNS clusters stand
// in the cluster itself.
func (p *Proxy) assignment(c *xds.Upstream) (*xds.Assignment, error) {
	for _, name := range []string{c.EDS.Service, c.Name} {
		if r, ok := p.endpoints[name]; ok && name != "" {
			var a xds.Assignment
			if err := xds.Decode(r.Body, &a); err != nil {
				return nil, fmt.Errorf("endpoints of %s: %w", name, err)
			}
			return &a, nil
		}
	}
	return c.Assignment, nil
}

// routeConfig finds routes by name.
func (p *Proxy) routeConfig(name string) *xds.RouteConfig {
	for i := range p.routes {
		if p.routes[i].Name == name {
			return &p.routes[i]
		}
	}
	return nil
}
