package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
	"github.com/meshctl/meshctl/test/lab/envoy"
)

// samples/shop, running in the lab with sidecars from the webhook, is what
// stories about proxies look at.
const (
	shopNamespace = "shop"
	shopDir       = "../../samples/shop"
)

// deployShop applies samples/shop as its README says.
func deployShop(ctx context.Context, l *lab.Lab) error {
	files, err := filepath.Glob(filepath.Join(shopDir, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range append([]string{filepath.Join(shopDir, "namespaces.yaml")}, files...) {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := l.Apply(ctx, "", data); err != nil {
			return fmt.Errorf("deploying the shop: %w", err)
		}
	}
	for _, namespace := range []string{shopNamespace, "shop-ingress"} {
		if err := l.WaitForRollouts(ctx, namespace); err != nil {
			return fmt.Errorf("deploying the shop: %w", err)
		}
	}
	return nil
}

// shop gives the running shop to a test.
func shop(t *testing.T) *lab.Case {
	t.Helper()
	c := mesh.In(t)
	c.Namespace = shopNamespace
	return c
}

// waitQuiet waits until what earlier stories left behind is gone and every
// proxy has what istiod has sent: for stories that look at the whole mesh.
func waitQuiet(t *testing.T, c *lab.Case) {
	t.Helper()
	c.Eventually("the mesh to be quiet", func() error {
		namespaces, err := c.Client.CoreV1().Namespaces().List(c.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, n := range namespaces.Items {
			if n.DeletionTimestamp != nil {
				return fmt.Errorf("namespace %s is still going", n.Name)
			}
		}
		if r := runMeshctl(t, c.Kubeconfig, "proxy-status", "-o", "name"); r.code != 0 {
			return fmt.Errorf("proxy-status exits with %d: %s", r.code, r.stderr)
		}
		return nil
	})
}

// waitSettled waits until a proxy knows all of the shop: its routes, and as many
// healthy pods of each service as there are. Pods become ready a moment before
// istiod and the proxies hear of it.
func waitSettled(t *testing.T, c *lab.Case, proxy *envoy.Proxy) {
	t.Helper()
	pods := map[string]int{}
	for _, service := range []string{"catalog", "orders", "payments", "frontend"} {
		list, err := c.Client.CoreV1().Pods(c.Namespace).List(c.Context(), metav1.ListOptions{LabelSelector: "app=" + service})
		if err != nil {
			t.Fatal(err)
		}
		pods[fmt.Sprintf("outbound|8080||%s.%s.svc.cluster.local", service, c.Namespace)] = len(list.Items)
	}
	c.Eventually("the proxy to know the shop", func() error {
		clusters, err := fetch(c.Context(), "http://"+proxy.Address()+"/clusters")
		if err != nil {
			return err
		}
		healthy := map[string]int{}
		for line := range strings.Lines(string(clusters)) {
			if parts := strings.Split(strings.TrimSpace(line), "::"); len(parts) == 4 && parts[2] == "health_flags" && parts[3] == "healthy" {
				healthy[parts[0]]++
			}
		}
		for cluster, want := range pods {
			if healthy[cluster] != want {
				return fmt.Errorf("%d pods of %s are healthy, want %d", healthy[cluster], cluster, want)
			}
		}
		routes, err := fetch(c.Context(), "http://"+proxy.Address()+"/config_dump?resource=dynamic_route_configs")
		if err == nil && (!strings.Contains(string(routes), `"weight": 90`) || !strings.Contains(string(routes), "api.acquirer.example")) {
			err = errors.New("routes of the shop are missing")
		}
		return err
	})
	if err := proxy.WaitQuiet(c.Context()); err != nil {
		t.Fatal(err)
	}
}

// saveDump writes the whole configuration dump of an Envoy to a file, as a user
// would with curl.
func saveDump(t *testing.T, proxy *envoy.Proxy, name string) string {
	t.Helper()
	return saveAdmin(t, proxy, "config_dump?include_eds=true", name)
}

func saveAdmin(t *testing.T, proxy *envoy.Proxy, path, name string) string {
	t.Helper()
	data, err := fetch(t.Context(), "http://"+proxy.Address()+"/"+path)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		t.Fatalf("/%s is empty", path)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
