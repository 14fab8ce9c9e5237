package trace

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// share is a cluster and the part of the requests that it gets.
type share struct {
	name string
	part float64
}

// weighted gives the shares of weighted clusters: a weight by the sum of the weights. A cluster
// may be named by a header of the request.
func (w *walk) weighted(wc *xds.WeightedClusters) []share {
	total := 0.0
	for _, c := range wc.Clusters {
		total += float64(c.Weight)
	}
	var out []share
	for _, c := range wc.Clusters {
		if c.Weight == 0 {
			continue
		}
		name := c.Name
		if c.ClusterHeader != "" {
			name, _ = w.request.header(c.ClusterHeader)
		}
		out = append(out, share{name, float64(c.Weight) / total})
	}
	return out
}

// passthrough is Istio's cluster for what is sent to no service that the proxy knows.
const passthrough = "PassthroughCluster"

// deliver ends the way in clusters. notFound is the status for one that is missing.
func (w *walk) deliver(shares []share, notFound int) {
	v := Verdict{Outcome: Delivered}
	var good, bad []string
	for _, s := range shares {
		target, status := w.target(s, notFound)
		v.Targets = append(v.Targets, target)
		text := s.name
		if s.part < 1 {
			text = fmt.Sprintf("%s (%.4g %%)", s.name, s.part*100)
		}
		if target.Problem == "" {
			good = append(good, text)
			continue
		}
		bad = append(bad, text+": "+target.Problem)
		v.Status = status
	}
	switch {
	case len(shares) == 0:
		v.Outcome, v.Status, v.Text = Fails, 503, "all clusters of the route have the weight 0"
	case len(bad) == 0:
		v.Text = "delivered to " + strings.Join(good, " and ")
		if shares[0].name == passthrough && w.request.Direction == Outbound {
			v.Hint = "the proxy knows no service of this host, so the request goes to whatever address the client asks for; is the name right, and the service visible from here (exportTo, Sidecar)?"
		}
	case len(good) == 0:
		v.Outcome, v.Text = Fails, strings.Join(bad, "; ")
		v.Hint = clusterHint(shares[0].name, v.Targets[0])
		if shares[0].name == "BlackHoleCluster" {
			v.Outcome = Refused
		}
	default:
		v.Outcome, v.Text = Fails, "delivered to "+strings.Join(good, " and ")+"; but not to "+strings.Join(bad, "; ")
		v.Hint = "a part of the requests fails"
	}
	if len(good) > 0 && len(bad) == 0 {
		v.Status = 0
	}
	w.end(v)
}

func clusterHint(name string, t Target) string {
	key, istio := xds.ParseSubsetKey(name)
	switch {
	case name == "BlackHoleCluster":
		return "the mesh lets nothing out that it does not know (REGISTRY_ONLY): add a ServiceEntry"
	case strings.HasPrefix(t.Problem, "the proxy has no such cluster") && istio && key.Subset != "":
		return fmt.Sprintf("no DestinationRule defines subset %q of %s", key.Subset, key.Host)
	case strings.HasPrefix(t.Problem, "the proxy has no such cluster"):
		return "the route names a service that this proxy does not see: check its namespace, exportTo and Sidecar"
	case istio && key.Subset != "":
		return fmt.Sprintf("no pod of %s has the labels of subset %q, or none is ready", key.Host, key.Subset)
	}
	return "no pod of the service is ready, or its selector matches none"
}

// target looks at one cluster and its endpoints.
func (w *walk) target(s share, notFound int) (t Target, status int) {
	t = Target{Cluster: s.name, Share: s.part, Endpoints: []string{}, TLS: "none"}
	c, err := w.proxy.cluster(s.name)
	if err != nil {
		t.Problem = err.Error()
		return t, 0
	}
	if c == nil {
		t.Problem = "the proxy has no such cluster"
		w.step(Step{Stage: "cluster", Taken: s.name, Why: t.Problem})
		return t, notFound
	}
	step := Step{Stage: "cluster", Taken: c.Name, Object: objectOf(c.Metadata), Details: clusterDetails(c)}
	if s.part < 1 {
		step.Why = fmt.Sprintf("it gets %.4g %% of the requests by its weight", s.part*100)
	}
	w.step(step)
	endpoints := w.endpoints(c)
	t.TLS = endpoints.tls
	for _, e := range endpoints.usable {
		t.Endpoints = append(t.Endpoints, e.address)
	}
	t.Problem = endpoints.problem
	if t.Problem != "" {
		return t, 503
	}
	return t, 0
}

// clusterDetails names what a cluster does to its requests.
func clusterDetails(c *xds.Upstream) []string {
	out := []string{"endpoints from " + c.Discovery()}
	if c.LbPolicy != "" {
		out = append(out, "load balancing "+string(c.LbPolicy))
	}
	for _, t := range c.Breakers.Thresholds {
		limit := func(name string, value *xds.Uint) {
			if value != nil && *value < 1<<32-1 {
				out = append(out, fmt.Sprintf("circuit breaker: at most %d %s", *value, name))
			}
		}
		limit("connections", t.Connections)
		limit("waiting requests", t.Pending)
		limit("requests", t.Requests)
		limit("retries at a time", t.Retries)
	}
	if o := c.Outliers; o != nil {
		text := "outlier detection"
		if o.Consecutive5xx != nil && *o.Consecutive5xx > 0 {
			text += fmt.Sprintf(", out after %d answers with 5xx", *o.Consecutive5xx)
		}
		if o.Ejection != "" {
			text += " for " + o.Ejection
		}
		out = append(out, text)
	}
	return out
}
