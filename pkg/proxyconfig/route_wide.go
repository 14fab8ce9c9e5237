package proxyconfig

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// conditions names what a route asks of a request besides its path.
func conditions(m xds.RouteMatch) string {
	var out []string
	for _, h := range m.Headers {
		text := "header " + h.Name
		if h.String != nil && h.String.Exact != nil {
			text = strings.TrimPrefix(h.Name, ":") + "=" + *h.String.Exact
		}
		if h.Invert {
			text = "not " + text
		}
		out = append(out, text)
	}
	for _, q := range m.Query {
		out = append(out, "query "+q.Name)
	}
	for _, c := range m.Cookies {
		out = append(out, "cookie "+c.Name)
	}
	if m.GRPC != nil {
		out = append(out, "gRPC")
	}
	if m.Fraction != nil {
		out = append(out, fmt.Sprintf("chance %g%%", m.Fraction.Default.Share()*100))
	}
	return strings.Join(out, ", ")
}

// routeTarget is where a route leads to.
func routeTarget(r xds.Route) string {
	switch {
	case r.Redirect != nil:
		return "redirect"
	case r.Direct != nil:
		return fmt.Sprintf("answer %d", r.Direct.Status)
	case r.Action == nil:
		return ""
	case r.Action.ClusterHeader != "":
		return "cluster in header " + r.Action.ClusterHeader
	case r.Action.Weighted == nil:
		return r.Action.Cluster
	}
	total := 0.0
	for _, c := range r.Action.Weighted.Clusters {
		total += float64(c.Weight)
	}
	var out []string
	for _, c := range r.Action.Weighted.Clusters {
		name := c.Name
		if c.ClusterHeader != "" {
			name = "cluster in header " + c.ClusterHeader
		}
		share := 0.0
		if total > 0 {
			share = float64(c.Weight) / total * 100
		}
		out = append(out, fmt.Sprintf("%.4g%% %s", share, name))
	}
	return strings.Join(out, ", ")
}
