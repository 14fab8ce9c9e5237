package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
	"github.com/meshctl/meshctl/test/lab/envoy"
)

// web is a workload that gets a sidecar, with something to configure.
const web = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
`

const strictMTLS = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict}
spec: {mtls: {mode: STRICT}}
`

const connectionLimit = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec: {host: web, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}}
`

// A proxy that rejects a listener keeps the old one, says why in its dump, and
// istiod knows that it has not taken the new one.
func TestAProxyThatRejectsAListener(t *testing.T) {
	c, proxy := sidecar(t)
	if !proxy.Simulated() {
		t.Skip("what a real Envoy is to reject does not reach it, so its dump shows no error")
	}
	proxy.Reject(envoy.ListenerType, "virtualInbound", "not this one")
	c.Apply(strictMTLS)
	c.Eventually("the rejection to show in the dump", func() error {
		return adminHas(c, proxy, "config_dump?resource=dynamic_listeners", `"error_state"`)
	})
	text := readAdmin(t, c, proxy, "config_dump?resource=dynamic_listeners&name_regex=virtualInbound")
	if !strings.Contains(text, `"error_state"`) || !strings.Contains(text, "not this one") || !strings.Contains(text, `"active_state"`) {
		t.Errorf("the dump of the listener shows no error beside the active state:\n%.2000s", text)
	}
	c.Eventually("istiod to know of the rejection", func() error {
		if s := syncOf(t, c, proxy); s.ListenerSent == s.ListenerAcked {
			return fmt.Errorf("listeners sent and acknowledged: %+v", s)
		}
		return nil
	})
	proxy.Behave()
	c.Delete(strictMTLS)
	c.Eventually("istiod to see the proxy in sync again", func() error {
		if s := syncOf(t, c, proxy); s.ListenerSent != s.ListenerAcked {
			return fmt.Errorf("listeners sent and acknowledged: %+v", s)
		}
		return nil
	})
}

// A proxy that does not answer keeps what it has and is behind.
func TestAProxyThatDoesNotAnswer(t *testing.T) {
	c, proxy := sidecar(t)
	proxy.Ignore(envoy.ClusterType)
	c.Apply(connectionLimit)
	c.Eventually("istiod to wait for an answer", func() error {
		if s := syncOf(t, c, proxy); s.ClusterSent == s.ClusterAcked {
			return fmt.Errorf("clusters sent and acknowledged: %+v", s)
		}
		return nil
	})
	// Other stories set that limit in their own namespaces.
	own := readAdmin(t, c, proxy, "config_dump?resource=dynamic_active_clusters&name_regex="+c.Namespace)
	if !strings.Contains(own, "web."+c.Namespace) {
		t.Fatalf("the dump lacks the cluster of the test:\n%.500s", own)
	}
	if strings.Contains(own, `"max_connections": 7`) {
		t.Error("a proxy that does not answer has taken over new clusters")
	}
}

// sidecar runs a workload with a sidecar in the test's namespace.
func sidecar(t *testing.T) (*lab.Case, *envoy.Proxy) {
	t.Helper()
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(web)
	c.WaitForRollouts()
	proxy := c.Envoy(c.Pod("app=web"))
	if err := proxy.WaitUpdate(c.Context(), 0); err != nil { // what came with the new pod
		t.Fatal(err)
	}
	return c, proxy
}

// adminHas returns an error unless a page of a proxy's admin port has a text in it.
func adminHas(c *lab.Case, proxy *envoy.Proxy, path, text string) error {
	body, err := fetch(c.Context(), "http://"+proxy.Address()+"/"+path)
	if err == nil && !strings.Contains(string(body), text) {
		err = fmt.Errorf("/%s does not show %s", path, text)
	}
	return err
}

// readAdmin reads from the admin port of a proxy.
func readAdmin(t *testing.T, c *lab.Case, proxy *envoy.Proxy, path string) string {
	t.Helper()
	body, err := fetch(c.Context(), "http://"+proxy.Address()+"/"+path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// syncState is what istiod's /debug/syncz tells of a proxy: the nonce of the
// last response and of the last one that was acknowledged.
type syncState struct {
	Proxy         string `json:"proxy"`
	ClusterSent   string `json:"cluster_sent"`
	ClusterAcked  string `json:"cluster_acked"`
	ListenerSent  string `json:"listener_sent"`
	ListenerAcked string `json:"listener_acked"`
}

func syncOf(t *testing.T, c *lab.Case, proxy *envoy.Proxy) syncState {
	t.Helper()
	istiods, err := c.Client.CoreV1().Pods("istio-system").List(c.Context(), metav1.ListOptions{LabelSelector: "app=istiod"})
	if err != nil || len(istiods.Items) == 0 {
		t.Fatalf("finding istiod: %d pods, %v", len(istiods.Items), err)
	}
	body, err := fetch(c.Context(), "http://"+c.PodAddress("istio-system", istiods.Items[0].Name, 15014)+"/debug/syncz")
	if err != nil {
		t.Fatal(err)
	}
	var all []syncState
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("reading /debug/syncz: %v\n%s", err, body)
	}
	for _, s := range all {
		if s.Proxy != "" && strings.Contains(proxy.ID(), "~"+s.Proxy+"~") {
			return s
		}
	}
	t.Fatalf("istiod does not know %s:\n%s", proxy.ID(), body)
	return syncState{}
}

// fetch reads a page, which has to have status 200.
func fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}
