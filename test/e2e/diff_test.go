package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The weights of a VirtualService are changed; the difference between the dumps
// of a caller before and after is that change and nothing else.
func TestDiffShowsChangedWeightsAndNothingElse(t *testing.T) {
	c := shop(t)
	routing, err := os.ReadFile(filepath.Join(shopDir, "routing.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("weight: 90", "weight: 50", "weight: 10", "weight: 50").Replace(string(routing))
	if changed == string(routing) {
		t.Fatal("samples/shop/routing.yaml has no weights 90 and 10 to change")
	}
	caller := c.Envoy(c.PodsOf("deploy/frontend")[0])
	waitSettled(t, c, caller)
	before := saveDump(t, caller, "before.json")

	c.Apply(changed)
	t.Cleanup(func() { // as it was, for the other stories
		ctx, cancel := withoutTest(commandTimeout)
		defer cancel()
		if err := c.Lab.Apply(ctx, shopNamespace, routing); err != nil {
			t.Error(err)
		}
	})
	c.Eventually("the proxy to have the new weights", func() error {
		return adminHas(c, caller, "config_dump?resource=dynamic_route_configs", `"weight": 50`)
	})
	if err := caller.WaitQuiet(c.Context()); err != nil {
		t.Fatal(err)
	}
	after := saveDump(t, caller, "after.json")

	const differs = 3
	names := runMeshctl(t, "", "proxy-config", "diff", before, after, "-o", "name")
	names.want(t, differs)
	// istiod puts the hosts of a VirtualService under every HTTP port that it
	// has a listener for, the ingress gateway's 80 among them.
	if want := "changed route 80\nchanged route 8080\n"; names.stdout != want {
		t.Fatalf("differences:\n%swant:\n%s", names.stdout, want)
	}
	report := runMeshctl(t, "", "proxy-config", "diff", before, after, "-o", "json")
	report.want(t, differs)
	diff := decode[struct {
		Resources []struct {
			Name    string
			Changes []struct {
				Path, Object string
				After        any
			}
		}
	}](t, report.stdout)
	for _, resource := range diff.Resources {
		if len(resource.Changes) != 2 {
			t.Errorf("route %s has %d changes, want the weights of two destinations", resource.Name, len(resource.Changes))
		}
		for _, change := range resource.Changes {
			if !strings.HasSuffix(change.Path, ".weight") || change.Object != "VirtualService/shop/catalog" || change.After != 50.0 {
				t.Errorf("route %s: unexpected change %+v", resource.Name, change)
			}
		}
	}

	c.Apply(string(routing))
	waitSettled(t, c, caller)
	same := runMeshctl(t, "", "proxy-config", "diff", before, saveDump(t, caller, "restored.json"))
	same.want(t, 0)
}
