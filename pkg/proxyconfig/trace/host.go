package trace

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// Domain matching of config.route.v3.VirtualHost.domains: "1. Exact domain names:
// www.foo.com. 2. Suffix domain wildcards: *.foo.com or *-bar.foo.com. 3. Prefix
// domain wildcards: foo.* or foo-*. 4. Special wildcard * matching any domain. The
// wildcard will not match the empty string. e.g. *-bar.foo.com will match
// baz-bar.foo.com but not -bar.foo.com. The longest wildcards match first."
// Hosts and domains are compared in lower case.
type domainKind int

const (
	noDomain domainKind = iota
	anyDomain
	prefixDomain
	suffixDomain
	exactDomain
)

// matchDomain tells how a domain matches a host.
func matchDomain(domain, host string) domainKind {
	domain, host = strings.ToLower(domain), strings.ToLower(host)
	switch {
	case domain == "*":
		return anyDomain
	case domain == host:
		return exactDomain
	case strings.HasPrefix(domain, "*") && len(host) > len(domain)-1 && strings.HasSuffix(host, domain[1:]):
		return suffixDomain
	case strings.HasSuffix(domain, "*") && len(host) > len(domain)-1 && strings.HasPrefix(host, domain[:len(domain)-1]):
		return prefixDomain
	}
	return noDomain
}

func (k domainKind) String() string {
	return [...]string{"no match", "any host", "prefix wildcard", "suffix wildcard", "exact"}[k]
}

// hostMatch is a virtual host that would take the request.
type hostMatch struct {
	host   *xds.VirtualHost
	domain string
	kind   domainKind
}

// findHost looks for the virtual host of a request; the others that match come after it.
func findHost(rc *xds.RouteConfig, m *xds.Manager, r Request) (found []hostMatch, host string) {
	host = matchedHost(rc, m, r)
	for i := range rc.VirtualHosts {
		vh := &rc.VirtualHosts[i]
		best := hostMatch{host: vh}
		for _, domain := range vh.Domains {
			kind := matchDomain(domain, host)
			if kind > best.kind || kind == best.kind && len(domain) > len(best.domain) {
				best.kind, best.domain = kind, domain
			}
		}
		if best.kind != noDomain {
			found = append(found, best)
		}
	}
	slices.SortStableFunc(found, func(a, b hostMatch) int {
		return cmp.Or(cmp.Compare(b.kind, a.kind), cmp.Compare(len(b.domain), len(a.domain)))
	})
	return found, host
}

// matchedHost is the host as the virtual hosts are asked for it: from another header if
// the routes say so, without the port if they or the connection manager say so.
func matchedHost(rc *xds.RouteConfig, m *xds.Manager, r Request) string {
	host := r.Host
	if rc.HostHeader != "" {
		host, _ = r.header(rc.HostHeader)
	}
	name, port, err := net.SplitHostPort(host)
	strip := rc.IgnorePort || m.StripAnyPort || m.StripMatchingPort && port == fmt.Sprint(r.Port)
	if err == nil && strip {
		host = name
		if strings.Contains(name, ":") {
			host = "[" + name + "]"
		}
	}
	if m.StripTrailingDot {
		host = strings.TrimSuffix(host, ".")
	}
	return strings.ToLower(host)
}
