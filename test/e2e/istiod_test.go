package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
)

// istiod goes away and comes back: meanwhile commands say that it does not
// answer, and the proxies keep what they have; afterwards they follow it again.
func TestProxiesOutliveTheirIstiod(t *testing.T) {
	c, proxy := sidecar(t)
	istiod := istiodOf(t, c)
	seen := proxy.Updates()
	istiod.Stop()
	if r := runMeshctl(t, c.Kubeconfig, "proxy-status", "--timeout", "20s"); r.code == 0 {
		t.Errorf("proxy-status without an istiod:\n%s%s", r.stdout, r.stderr)
	}
	if out := mustMeshctl(t, c.Kubeconfig, "proxy-config", "cluster", c.Pod("app=web"), "-n", c.Namespace); len(out) < 100 {
		t.Errorf("the proxy has lost its clusters:\n%s", out)
	}
	if err := istiod.Start(c.Context()); err != nil {
		t.Fatal(err)
	}
	if err := proxy.WaitUpdate(c.Context(), seen); err != nil {
		t.Fatal(err)
	}
	c.Apply(connectionLimit)
	c.Eventually("the proxy to follow istiod again", func() error {
		return adminHas(c, proxy, "config_dump?resource=dynamic_active_clusters&name_regex="+c.Namespace, `"max_connections": 7`)
	})
	c.Eventually("istiod to know all proxies again", func() error {
		out := mustMeshctl(t, c.Kubeconfig, "proxy-status")
		for _, other := range c.Runtime.Envoys("") {
			if name, _, _ := strings.Cut(strings.Split(other.ID(), "~")[2], "."); !strings.Contains(out, name) {
				return fmt.Errorf("%s is missing in\n%s", name, out)
			}
		}
		return nil
	})
}

// The dashboards of an istiod that goes away and comes back keep their ports.
func TestDashboardsOutliveTheirIstiod(t *testing.T) {
	c, _ := sidecar(t)
	istiod := istiodOf(t, c)
	debug := openDashboard(t, c.Kubeconfig, "istiod-debug", "--port", "0")
	controlz := openDashboard(t, c.Kubeconfig, "controlz", "deploy/istiod.istio-system", "--port", "0")
	debug.want("", "syncz")
	controlz.want("/scopez/", "ControlZ")
	istiod.Stop()
	if body, err := debug.get(""); err == nil {
		t.Errorf("a page of an istiod that is gone: %.200s", body)
	}
	if err := istiod.Start(c.Context()); err != nil {
		t.Fatal(err)
	}
	for d, page := range map[*dashboardProcess][2]string{debug: {"", "syncz"}, controlz: {"/scopez/", "ControlZ"}} {
		c.Eventually("the page of the new istiod", func() error {
			body, err := d.get(page[0])
			if err == nil && !strings.Contains(body, page[1]) {
				err = fmt.Errorf("got %.200q", body)
			}
			return err
		})
		d.end(os.Interrupt)
	}
}

// istiodOf returns the process that stands for the one istiod pod.
func istiodOf(t *testing.T, c *lab.Case) *lab.Component {
	t.Helper()
	pods, err := c.Client.CoreV1().Pods("istio-system").List(c.Context(), metav1.ListOptions{LabelSelector: "app=istiod"})
	if err != nil || len(pods.Items) != 1 {
		t.Fatalf("want one istiod, found %d: %v", len(pods.Items), err)
	}
	component := c.Runtime.Istiod("istio-system", pods.Items[0].Name)
	if component == nil {
		t.Fatalf("no istiod runs for pod %s", pods.Items[0].Name)
	}
	return component
}
