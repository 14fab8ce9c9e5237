package proxyconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// chainText is a filter chain in words.
type chainText struct{ match, destination string }

// describeChains says of each chain what it takes and where that goes, in the order
// that the peer has: by destination, backwards.
func describeChains(l xds.Listener) ([]chainText, error) {
	var out []chainText
	for _, chain := range l.AllChains() {
		to, err := destination(chain.Filters)
		if err != nil {
			return nil, fmt.Errorf("reading listener %q, filter chain %q: %w", l.Name, chain.Name, err)
		}
		out = append(out, chainText{describeMatch(chain.Match), to})
	}
	slices.SortStableFunc(out, func(a, b chainText) int { return cmp.Compare(b.destination, a.destination) })
	return out, nil
}

func describeMatch(m xds.ChainMatch) string {
	var out []string
	if len(m.ServerNames) > 0 {
		out = append(out, "SNI: "+strings.Join(m.ServerNames, ","))
	}
	if m.Transport != "" {
		out = append(out, "Trans: "+m.Transport)
	}
	if len(m.Applications) > 0 {
		out = append(out, describeProtocols(m.Applications))
	}
	port := ""
	if m.Port != nil {
		port = fmt.Sprintf(":%d", *m.Port)
	}
	if len(m.Ranges) > 0 {
		var ranges []string
		for _, r := range m.Ranges {
			ranges = append(ranges, fmt.Sprintf("%s/%d", r.Prefix, r.Len))
		}
		out = append(out, "Addr: "+strings.Join(ranges, ",")+port)
	} else if port != "" {
		out = append(out, "Addr: *"+port)
	}
	if len(out) == 0 {
		return "ALL"
	}
	return strings.Join(out, "; ")
}

// describeProtocols has short names for the lists that istiod writes everywhere.
func describeProtocols(protocols []string) string {
	joined := strings.Join(protocols, ",")
	switch joined {
	case "http/1.0,http/1.1,h2c":
		return "App: HTTP"
	case "istio,istio-http/1.0,istio-http/1.1,istio-h2":
		return "App: Istio HTTP Plain"
	case "http/1.0,http/1.1,h2c,istio-http/1.0,istio-http/1.1,istio-h2":
		return "App: HTTP TLS"
	case "istio-peer-exchange,istio":
		return "App: TCP TLS"
	}
	return "App: " + joined
}

// destination is where the first filter that ends a connection sends it.
func destination(filters []xds.Filter) (string, error) {
	for _, filter := range filters {
		switch {
		case filter.IsHTTP():
			var m managerSummary
			if err := xds.Decode(filter.Config(), &m); err != nil {
				return "", err
			}
			switch {
			case m.Routes != nil:
				return describeInline(*m.Routes), nil
			case m.RDS.Name != "":
				return "Route: " + m.RDS.Name, nil
			}
			return "HTTP", nil
		case filter.IsTCP() && !filter.IsBlackHole():
			var p xds.TCPProxy
			if err := xds.Decode(filter.Config(), &p); err != nil {
				return "", err
			}
			return describeCluster(p.Cluster), nil
		}
	}
	return "Non-HTTP/Non-TCP", nil
}

// describeInline describes routes that stand in the listener itself.
func describeInline(rc routeSummary) string {
	if len(rc.Hosts) == 1 && len(rc.Hosts[0].Routes) == 1 {
		host, route := rc.Hosts[0], rc.Hosts[0].Routes[0]
		if slices.Equal(host.Domains, []string{"*"}) && route.Match.Prefix == "/" &&
			route.Action != nil && route.Action.Cluster != "" {
			return describeCluster(route.Action.Cluster)
		}
	}
	var hosts []string
	for _, host := range rc.Hosts {
		var matches []string
		for _, route := range host.Routes {
			matches = append(matches, describeRouteMatch(route.Match))
		}
		text := strings.Join(matches, ", ")
		if !slices.Equal(host.Domains, []string{"*"}) {
			text = strings.Join(host.Domains, "/") + " " + text
		}
		hosts = append(hosts, text)
	}
	return "Inline Route: " + strings.Join(hosts, "; ")
}

// describeCluster leaves istiod's own clusters, such as PassthroughCluster, bare.
func describeCluster(name string) string {
	if strings.Contains(name, "Cluster") {
		return name
	}
	return "Cluster: " + name
}
