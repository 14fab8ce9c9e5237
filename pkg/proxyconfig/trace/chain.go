package trace

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// criterion is one step of the choice of a filter chain: how well a chain fits, -1 for
// not at all, and what it asks for.
type criterion struct {
	name string
	fit  func(xds.ChainMatch, Request) (fit int, rule string)
}

// criteria are the steps in the order of config.listener.v3.FilterChainMatch: "Suppose
// there exists N filter chains. Prune the filter chain set using the above steps. In
// each step, filter chains which most specifically matches the attributes continue to
// the next step." There is no way back: a chain that was less specific in one step is
// out, even if those that were more specific fail in a later one.
func criteria() []criterion {
	return []criterion{
		{"destination port", fitPort},
		{"destination address", func(m xds.ChainMatch, r Request) (int, string) { return fitRanges(m.Ranges, r.IP) }},
		{"server name", fitServerName},
		{"transport protocol", fitTransport},
		{"application protocol", fitApplication},
		{"direct source address", func(m xds.ChainMatch, r Request) (int, string) { return fitRanges(m.DirectSource, r.Source) }},
		{"source type", fitSourceType},
		{"source address", func(m xds.ChainMatch, r Request) (int, string) { return fitRanges(m.SourceRanges, r.Source) }},
		{"source port", fitSourcePort},
	}
}

// findChain prunes the chains of a listener; nil means that the default one, if there
// is one, takes the connection.
func findChain(l *xds.Listener, r Request) (chain *xds.FilterChain, passed []Passed) {
	left := make([]int, len(l.Chains))
	for i := range left {
		left[i] = i
	}
	for _, c := range criteria() {
		best := -1
		fits := make([]int, len(l.Chains))
		for _, i := range left {
			fits[i], _ = c.fit(l.Chains[i].Match, r)
			best = max(best, fits[i])
		}
		var next []int
		for _, i := range left {
			_, rule := c.fit(l.Chains[i].Match, r)
			switch {
			case fits[i] < 0:
				passed = append(passed, Passed{chainName(l.Chains[i], i), c.name + " " + rule})
			case fits[i] < best:
				passed = append(passed, Passed{chainName(l.Chains[i], i), "another chain is more specific about the " + c.name})
			default:
				next = append(next, i)
			}
		}
		left = next
	}
	if len(left) == 0 {
		return nil, passed
	}
	return &l.Chains[left[0]], passed
}

func chainName(c xds.FilterChain, i int) string {
	if c.Name != "" {
		return c.Name
	}
	return fmt.Sprintf("filter chain %d", i+1)
}

func fitPort(m xds.ChainMatch, r Request) (int, string) {
	switch {
	case m.Port == nil || *m.Port == 0:
		return 0, "any"
	case int(*m.Port) == r.Port:
		return 1, "fits"
	}
	return -1, fmt.Sprintf("must be %d, is %d", *m.Port, r.Port)
}

// fitRanges scores by the longest prefix. An address that is not known fits no range.
func fitRanges(ranges []xds.CIDR, ip netip.Addr) (int, string) {
	if len(ranges) == 0 {
		return 0, "any"
	}
	best, rules := -1, make([]string, len(ranges))
	for i, c := range ranges {
		rules[i] = fmt.Sprintf("%s/%d", c.Prefix, c.Len)
		prefix, err := netip.ParsePrefix(rules[i])
		if err == nil && ip.IsValid() && prefix.Contains(ip.Unmap()) {
			best = max(best, prefix.Bits()+1)
		}
	}
	if !ip.IsValid() {
		return best, "must be in " + strings.Join(rules, ", ") + ", is not known"
	}
	return best, fmt.Sprintf("must be in %s, is %s", strings.Join(rules, ", "), ip)
}

// fitServerName: "for SNI www.example.com the most specific match would be
// www.example.com, then *.example.com, then *.com, then any filter chain without
// server_names requirements".
func fitServerName(m xds.ChainMatch, r Request) (int, string) {
	if len(m.ServerNames) == 0 {
		return 0, "any"
	}
	sni := strings.ToLower(r.SNI)
	best := -1
	for _, name := range m.ServerNames {
		name = strings.ToLower(name)
		switch suffix, wildcard := strings.CutPrefix(name, "*"); {
		case name == "*":
			best = max(best, 0)
		case wildcard && strings.HasPrefix(suffix, ".") && strings.HasSuffix(sni, suffix) && len(sni) > len(suffix):
			best = max(best, len(suffix))
		case !wildcard && name == sni:
			best = max(best, 1<<20)
		}
	}
	return best, fmt.Sprintf("must be %s, is %q", strings.Join(m.ServerNames, " or "), r.SNI)
}

// fitTransport: the TLS inspector detects tls, all else is raw_buffer.
func fitTransport(m xds.ChainMatch, r Request) (int, string) {
	is := "raw_buffer"
	if r.TLS {
		is = "tls"
	}
	switch m.Transport {
	case "":
		return 0, "any"
	case is:
		return 1, "fits"
	}
	return -1, fmt.Sprintf("must be %s, is %s", m.Transport, is)
}

// fitApplication: the protocols that the client offers are tried in its order; without
// TLS the HTTP inspector finds what is spoken.
func fitApplication(m xds.ChainMatch, r Request) (int, string) {
	if len(m.Applications) == 0 {
		return 0, "any"
	}
	offered := r.protocols()
	for i, p := range offered {
		if slices.Contains(m.Applications, p) {
			return len(offered) - i, "fits"
		}
	}
	is := strings.Join(offered, ",")
	if is == "" {
		is = "none"
	}
	return -1, fmt.Sprintf("must be one of %s, is %s", strings.Join(m.Applications, ","), is)
}

// protocols are the application protocols that are offered or found.
func (r Request) protocols() []string {
	switch {
	case r.TLS || len(r.ALPN) > 0:
		return r.ALPN
	case r.isTCP():
		return nil
	case r.Scheme == "grpc":
		return []string{"h2c"}
	}
	return []string{"http/1.1"}
}

func fitSourceType(m xds.ChainMatch, r Request) (int, string) {
	local := r.Source.IsValid() && (r.Source.IsLoopback() || r.Source == r.IP)
	switch m.SourceType {
	case "", "ANY", "0":
		return 0, "any"
	case "SAME_IP_OR_LOOPBACK", "LOCAL", "1":
		if local {
			return 1, "fits"
		}
		return -1, "must be this host"
	}
	if local {
		return -1, "must be another host"
	}
	return 1, "fits"
}

func fitSourcePort(m xds.ChainMatch, r Request) (int, string) {
	if len(m.SourcePorts) == 0 {
		return 0, "any"
	}
	if slices.Contains(m.SourcePorts, xds.Uint(r.SourcePort)) {
		return 1, "fits"
	}
	return -1, fmt.Sprintf("must be one of %v", m.SourcePorts)
}
