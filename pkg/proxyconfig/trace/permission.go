package trace

import (
	"net/netip"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// permission is config.rbac.v3.Permission: what is asked for.
type permission struct {
	And *struct {
		Rules []permission `json:"rules"`
	} `json:"and_rules"`
	Or *struct {
		Rules []permission `json:"rules"`
	} `json:"or_rules"`
	Not       *permission         `json:"not_rule"`
	Any       *bool               `json:"any"`
	Header    *xds.HeaderMatcher  `json:"header"`
	Path      *pathMatcher        `json:"url_path"`
	IP        *xds.CIDR           `json:"destination_ip"`
	Port      *xds.Uint           `json:"destination_port"`
	PortRange *xds.Range          `json:"destination_port_range"`
	Metadata  *metadataMatcher    `json:"metadata"`
	Sourced   *sourcedMetadata    `json:"sourced_metadata"`
	Server    *xds.StringMatcher  `json:"requested_server_name"`
	Template  *xds.TypedExtension `json:"uri_template"`
	Matcher   *xds.TypedExtension `json:"matcher"`
}

type pathMatcher struct {
	Path xds.StringMatcher `json:"path"`
}

// permits tells whether a permission covers the request.
func (w *walk) permits(p permission) truth {
	r := w.request
	switch {
	case p.And != nil:
		return all(p.And.Rules, w.permits)
	case p.Or != nil:
		return any1(p.Or.Rules, w.permits)
	case p.Not != nil:
		return w.permits(*p.Not).not()
	case p.Any != nil:
		return is(*p.Any)
	case p.Header != nil:
		return w.headerIs(*p.Header)
	case p.Path != nil:
		return w.pathIs(*p.Path)
	case p.IP != nil:
		return w.inRange(*p.IP, r.IP, "the address that the client connects to (--ip)")
	case p.Port != nil:
		return is(int(*p.Port) == r.Port)
	case p.PortRange != nil:
		return is(r.Port >= int(p.PortRange.Start) && r.Port < int(p.PortRange.End))
	case p.Metadata != nil:
		return w.metadataIs(*p.Metadata)
	case p.Sourced != nil:
		return w.metadataIs(p.Sourced.Matcher)
	case p.Server != nil:
		ok, _ := matchString(*p.Server, r.SNI)
		return is(ok)
	case p.Template != nil:
		return is(matchTemplate(p.Template.Typed.Template, r.pathOnly()))
	case p.Matcher != nil:
		return w.ask("the extension " + p.Matcher.Name)
	}
	return w.ask("a kind of permission that is not known here")
}

// headerIs and pathIs match nothing on connections that are no HTTP.
func (w *walk) headerIs(m xds.HeaderMatcher) truth {
	if w.request.isTCP() {
		return no
	}
	ok, _ := matchHeader(m, w.request)
	return is(ok)
}

func (w *walk) pathIs(m pathMatcher) truth {
	if w.request.isTCP() {
		return no
	}
	ok, _ := matchString(m.Path, w.request.pathOnly())
	return is(ok)
}

// inRange is unknown for an address that is.
func (w *walk) inRange(c xds.CIDR, ip netip.Addr, what string) truth {
	if !ip.IsValid() {
		return w.ask(what)
	}
	fit, _ := fitRanges([]xds.CIDR{c}, ip)
	return is(fit > 0)
}
