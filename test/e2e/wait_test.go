package e2e

import (
	"errors"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/test/lab"
	"github.com/meshctl/meshctl/test/lab/envoy"
)

// twoProxies runs a workload of two pods with sidecars in the test's namespace.
func twoProxies(t *testing.T) (c *lab.Case, good, bad string) {
	t.Helper()
	c = mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(strings.Replace(web, "spec:\n  selector: {matchLabels", "spec:\n  replicas: 2\n  selector: {matchLabels", 1))
	c.WaitForRollouts()
	pods := c.PodsOf("deploy/web")
	if len(pods) != 2 {
		t.Fatalf("want two pods, have %v", pods)
	}
	for _, pod := range pods {
		if err := c.Envoy(pod).WaitQuiet(c.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return c, pods[0], pods[1]
}

// A change is applied and waited for. The proxy that does not answer istiod is
// named, the one that has the change is not.
func TestWaitNamesTheProxyThatDoesNotHaveAChange(t *testing.T) {
	c, good, bad := twoProxies(t)
	wait := func(args ...string) result {
		t.Helper()
		return runMeshctl(t, c.Kubeconfig, append([]string{"wait", "DestinationRule/web", "-n", c.Namespace, "--proxy", good, "--proxy", bad}, args...)...)
	}
	c.Apply(connectionLimit)
	delivered := wait()
	delivered.want(t, 0)
	if !strings.Contains(delivered.stdout, "all 2 proxies have it") {
		t.Errorf("stdout:\n%s", delivered.stdout)
	}
	for _, pod := range []string{good, bad} {
		if err := adminHas(c, c.Envoy(pod), "config_dump?resource=dynamic_active_clusters", `"max_connections": 7`); err != nil {
			t.Errorf("wait said that %s has the change: %v", pod, err)
		}
	}

	c.Envoy(bad).Ignore(envoy.ClusterType)
	c.Apply(strings.Replace(connectionLimit, "7", "8", 1))
	const notMet = 3
	for _, goal := range []string{"synced", "delivered"} {
		late := wait("--for", goal, "--timeout", "6s")
		late.want(t, notMet)
		if !strings.Contains(late.stdout, bad+"."+c.Namespace) || strings.Contains(late.stdout, good+"."+c.Namespace) || !strings.Contains(late.stdout, "CDS is sent but not acknowledged") {
			t.Errorf("%s: the straggler is %s:\n%s%s", goal, bad, late.stdout, late.stderr)
		}
	}
	half := wait("--threshold", "0.5")
	half.want(t, 0)
	one := wait("--timeout", "2s", "-o", "json")
	one.want(t, notMet)
	if answer := decode[struct {
		Proxies []struct {
			Proxy string
			Has   bool
		}
		Have int
	}](t, one.stdout); answer.Have != 1 || len(answer.Proxies) != 2 {
		t.Errorf("%+v", answer)
	}

	// Whoever is away has no change at all.
	c.Envoy(bad).Close()
	c.Eventually("istiod to know that the proxy has gone", func() error {
		r := runMeshctl(t, c.Kubeconfig, "wait", "DestinationRule/web", "-n", c.Namespace, "--proxy", bad, "--timeout", "2s")
		r.want(t, notMet)
		if !strings.Contains(r.stdout, "connected to no istiod") {
			return errors.New(r.stdout)
		}
		return nil
	})
}

// The rule applies to the namespace that it is in, whichever way it is named, and a
// generation that does not exist yet never comes.
func TestWaitTakesFilesAndNamesOfObjects(t *testing.T) {
	c := shop(t)
	waitSettled(t, c, c.Envoy(c.PodsOf("deploy/frontend")[0]))
	for _, args := range [][]string{
		{"-f", "../../samples/shop/routing.yaml"},
		{"virtualservice", "catalog.shop"},
		{"VirtualService", "shop/catalog"},
		{"vs/catalog", "-n", "shop"},
		{"service/catalog", "-n", "shop", "--for", "synced"},
	} {
		r := runMeshctl(t, c.Kubeconfig, append([]string{"wait"}, args...)...)
		r.want(t, 0)
		if !strings.Contains(r.stdout, " have it") {
			t.Errorf("%v:\n%s", args, r.stdout)
		}
	}
	r := runMeshctl(t, c.Kubeconfig, "x", "wait", "--for=distribution", "virtualservice", "catalog.shop", "--generation", "99", "--timeout", "3s")
	r.want(t, 3)
	if !strings.Contains(r.stdout, "has not read VirtualService shop/catalog (generation 99) yet") {
		t.Errorf("stdout:\n%s", r.stdout)
	}
	r = runMeshctl(t, c.Kubeconfig, "wait", "VirtualService/nosuch", "-n", "shop")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "not in the cluster") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
}

// A route that was taken away is waited for until no proxy has it, by whichever of its names.
func TestWaitForADeletion(t *testing.T) {
	c, good, bad := twoProxies(t)
	const rule = "DestinationRule/web"
	wait := func(args ...string) result {
		t.Helper()
		return runMeshctl(t, c.Kubeconfig, append([]string{"wait", rule, "-n", c.Namespace, "--proxy", good, "--proxy", bad, "--for", "delete"}, args...)...)
	}
	c.Apply(connectionLimit)
	runMeshctl(t, c.Kubeconfig, "wait", rule, "-n", c.Namespace, "--proxy", good, "--proxy", bad).want(t, 0)
	still := wait("--timeout", "2s")
	still.want(t, 3)
	if !strings.Contains(still.stderr, "is still in the cluster") {
		t.Errorf("stderr:\n%s", still.stderr)
	}
	c.Delete(connectionLimit)
	gone := wait()
	gone.want(t, 0)
	if !strings.Contains(gone.stdout, "all 2 proxies have let go of it") {
		t.Errorf("stdout:\n%s", gone.stdout)
	}
	for _, pod := range []string{good, bad} {
		if adminHas(c, c.Envoy(pod), "config_dump?resource=dynamic_active_clusters", `"max_connections": 7`) == nil {
			t.Errorf("wait said that %s has let go of the rule, but it has it", pod)
		}
	}
	c.Apply(connectionLimit)
	runMeshctl(t, c.Kubeconfig, "wait", rule, "-n", c.Namespace, "--proxy", good, "--proxy", bad).want(t, 0)
	c.Envoy(bad).Ignore(envoy.ClusterType)
	c.Delete(connectionLimit)
	late := wait("--timeout", "6s")
	late.want(t, 3)
	if !strings.Contains(late.stdout, bad+"."+c.Namespace) || strings.Contains(late.stdout, good+"."+c.Namespace) {
		t.Errorf("the straggler is %s:\n%s%s", bad, late.stdout, late.stderr)
	}
}
