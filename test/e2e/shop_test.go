package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

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

// saveDump writes the whole configuration dump of an Envoy to a file, as a user
// would with curl.
func saveDump(t *testing.T, proxy *envoy.Proxy, name string) string {
	t.Helper()
	return saveAdmin(t, proxy, "config_dump?include_eds=true", name)
}

func saveAdmin(t *testing.T, proxy *envoy.Proxy, path, name string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+proxy.Address()+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || len(bytes.TrimSpace(data)) == 0 {
		t.Fatalf("reading /%s: %s, %d bytes, %v", path, response.Status, len(data), err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
