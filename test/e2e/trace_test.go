package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// webSubsets gives the service two versions to route to.
const webSubsets = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec:
  host: web
  subsets: [{name: v1, labels: {app: web}}, {name: v2, labels: {app: web}}]
`

// tracedChange is a state of the VirtualService and a request. The first rule under its
// http is the one that has to take the request; its name says so.
type tracedChange struct {
	name    string
	http    string
	url     string
	args    []string
	outcome string
}

func tracedChanges() []tracedChange {
	const v1, v2 = "route: [{destination: {host: web, subset: v1}}]", "route: [{destination: {host: web, subset: v2}}]"
	return []tracedChange{
		{"all-to-v1", v1, "http://web/", nil, "delivered"},
		{"weights", "route: [{destination: {host: web, subset: v1}, weight: 30}, {destination: {host: web, subset: v2}, weight: 70}]", "http://web/x", nil, "delivered"},
		{"header", "match: [{headers: {x-user: {exact: ann}}}], " + v2, "http://web/", []string{"--header", "x-user: ann"}, "delivered"},
		{"prefix-and-rewrite", "match: [{uri: {prefix: /api/}}], rewrite: {uri: /}, " + v2, "http://web/api/items", nil, "delivered"},
		{"redirect", "match: [{uri: {exact: /old}}], redirect: {uri: /new, redirectCode: 308}", "http://web/old", nil, "redirected"},
		{"regex-and-answer", "match: [{uri: {regex: '/tea/[0-9]+'}}], directResponse: {status: 418}", "http://web/tea/7", nil, "refused"},
		{"fault", "fault: {abort: {httpStatus: 503, percentage: {value: 100}}}, " + v1, "http://web/", nil, "refused"},
		{"query", "match: [{queryParams: {v: {exact: '2'}}}], " + v2, "http://web/?v=2", nil, "delivered"},
		{"mirror-and-timeout", "mirror: {host: web, subset: v2}, timeout: 3s, " + v1, "http://web/", nil, "delivered"},
		{"method", "match: [{method: {exact: POST}}], " + v2, "http://web/", []string{"--method", "POST"}, "delivered"},
		{"no-such-subset", "route: [{destination: {host: web, subset: v3}}]", "http://web/", nil, "fails"},
	}
}

// routeInDump is what counts of a route in a proxy's dump.
type routeInDump struct {
	Name  string
	Route struct {
		Cluster           string
		Weighted_clusters struct {
			Clusters []struct {
				Name   string
				Weight float64
			}
		}
	}
	Redirect        *struct{ Response_code string }
	Direct_response *struct{ Status int }
}

// targets are the clusters of a route with their shares.
func (r routeInDump) targets() map[string]float64 {
	out := map[string]float64{}
	if r.Route.Cluster != "" {
		out[r.Route.Cluster] = 1
	}
	for _, c := range r.Route.Weighted_clusters.Clusters {
		out[c.Name] += c.Weight / 100
	}
	return out
}

// A VirtualService is changed again and again. Each time, once wait says that the change
// has arrived, trace says what the configuration of the proxy says.
func TestTraceSaysWhatTheProxyDoesAfterEachChange(t *testing.T) {
	c, proxy := sidecar(t)
	pod := c.Pod("app=web")
	c.Apply(webSubsets)
	for _, change := range tracedChanges() {
		t.Run(change.name, func(t *testing.T) {
			c.Apply(fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\nspec:\n  hosts: [web]\n  http:\n  - {name: %s, %s}\n  - {name: rest, route: [{destination: {host: web}}]}\n", change.name, change.http))
			wait := runMeshctl(t, c.Kubeconfig, "wait", "VirtualService/web", "-n", c.Namespace, "--proxy", pod)
			wait.want(t, 0)
			truth := routeOf(t, readAdmin(t, c, proxy, "config_dump?resource=dynamic_route_configs"), "web."+c.Namespace+".svc.cluster.local", change.name)

			args := append([]string{"proxy-config", "trace", pod, "-n", c.Namespace, "--url", change.url, "-o", "json"}, change.args...)
			r := runMeshctl(t, c.Kubeconfig, args...)
			answer := decode[struct {
				Trace struct {
					Steps   []struct{ Stage, Taken, Object string }
					Verdict struct {
						Outcome string
						Status  int
						Text    string
						Targets []struct {
							Cluster string
							Share   float64
						}
					}
				}
			}](t, r.stdout).Trace
			verdict := answer.Verdict
			if verdict.Outcome != change.outcome {
				t.Errorf("outcome %s (%s), want %s", verdict.Outcome, verdict.Text, change.outcome)
			}
			if change.name != "fault" { // whose filter answers before the route is taken
				taken := slices.IndexFunc(answer.Steps, func(s struct{ Stage, Taken, Object string }) bool { return s.Stage == "route" })
				if taken < 0 || answer.Steps[taken].Taken != change.name || answer.Steps[taken].Object != "VirtualService/"+c.Namespace+"/web" {
					t.Errorf("steps: %+v", answer.Steps)
				}
			}
			switch {
			case truth.Redirect != nil:
				if verdict.Status != 308 || truth.Redirect.Response_code != "PERMANENT_REDIRECT" {
					t.Errorf("status %d, the proxy has %+v", verdict.Status, truth.Redirect)
				}
			case truth.Direct_response != nil:
				if verdict.Status != truth.Direct_response.Status {
					t.Errorf("status %d, the proxy has %d", verdict.Status, truth.Direct_response.Status)
				}
			case verdict.Outcome == "delivered":
				got := map[string]float64{}
				for _, target := range verdict.Targets {
					got[target.Cluster] = target.Share
				}
				if diff := cmp.Diff(truth.targets(), got, cmpopts.EquateApprox(0, 0.001)); diff != "" {
					t.Errorf("clusters of the proxy (-) and of trace (+):\n%s", diff)
				}
			}
		})
	}
}

// routeOf finds a route of a host in a dump. It has to be the first of its virtual host.
func routeOf(t *testing.T, dump, host, name string) routeInDump {
	t.Helper()
	type config struct {
		Route_config struct {
			Name          string
			Virtual_hosts []struct {
				Domains []string
				Routes  []routeInDump
			}
		}
	}
	for _, c := range decode[struct{ Configs []config }](t, dump).Configs {
		for _, vh := range c.Route_config.Virtual_hosts {
			if c.Route_config.Name == "80" && slices.Contains(vh.Domains, host) && len(vh.Routes) > 0 {
				if vh.Routes[0].Name != name {
					t.Fatalf("wait said that the change has arrived; the first route of %s is %s, want %s", host, vh.Routes[0].Name, name)
				}
				return vh.Routes[0]
			}
		}
	}
	t.Fatalf("the proxy has no routes for %s:\n%.500s", host, dump)
	return routeInDump{}
}
