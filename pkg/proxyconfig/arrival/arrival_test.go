package arrival

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/proxyconfig/status"
)

func TestAPushIsReadFromVersionsAndNonces(t *testing.T) {
	const uuid = "12345678-4d0e-4c9c-9b52-2b3f6ab5a0f7"
	for text, want := range map[string]uint64{
		"2026-11-01T12:00:00Z/7":             7,
		"2026-11-01T12:00:00+01:00/12":       12,
		"2026-11-01T12:00:00Z/7" + uuid:      7,
		"2026-11-01T12:00:00+01:00/1" + uuid: 1,
	} {
		if got, ok := ParsePush(text); !ok || got.Number != want {
			t.Errorf("%s: %d, %v, want %d", text, got.Number, ok, want)
		}
	}
	for _, text := range []string{"", "v1", "7", "2026/x", "2026-11-01T12:00:00Z/"} {
		if got, ok := ParsePush(text); ok {
			t.Errorf("%q is taken for push %+v", text, got)
		}
	}
}

func TestAChangeIsCoveredOnceIstiodCannotBeStillAtWork(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Unix(1000, 0).Add(time.Duration(seconds * float64(time.Second)))
	}
	push := func(n uint64) Push { return Push{Number: n} }
	for _, c := range []struct {
		name  string
		looks []Look
		push  uint64
		want  bool
	}{
		{"not read yet", []Look{{At: at(0), Newest: push(4), Counted: true}, {At: at(20), Newest: push(4), Counted: true}}, 4, false},
		{"read a moment ago", []Look{{At: at(0), Listed: true, Newest: push(4), Counted: true}}, 4, false},
		{"the next push may have been in the making", []Look{{At: at(0), Listed: true, Newest: push(4), Events: 1, Counted: true}, {At: at(0.5), Listed: true, Newest: push(5), Events: 2, Counted: true}}, 5, false},
		{"the one after that has it", []Look{{At: at(0), Listed: true, Newest: push(4), Events: 1, Counted: true}, {At: at(0.5), Listed: true, Newest: push(6), Events: 2, Counted: true}}, 6, true},
		{"quiet for long enough", []Look{{At: at(0), Listed: true, Newest: push(4), Counted: true}, {At: at(1.1), Listed: true, Newest: push(4), Counted: true}}, 4, true},
		{"quiet, but this proxy was passed over so far", []Look{{At: at(0), Listed: true, Newest: push(4), Counted: true}, {At: at(1.1), Listed: true, Newest: push(5), Counted: true}}, 4, false},
		{"busy all the time", []Look{{At: at(0), Listed: true, Newest: push(4), Events: 1, Counted: true}, {At: at(1.1), Listed: true, Newest: push(4), Events: 2, Counted: true}}, 4, false},
		{"longer than it ever waits", []Look{{At: at(0), Listed: true, Newest: push(4), Events: 1, Counted: true}, {At: at(12), Listed: true, Newest: push(4), Events: 2, Counted: true}}, 4, true},
		{"without metrics it is waited for long enough", []Look{{At: at(0), Listed: true, Newest: push(4)}, {At: at(5), Listed: true, Newest: push(4)}}, 4, false},
		{"a restarted istiod counts anew", []Look{{At: at(0), Listed: true, Newest: push(40), Counted: true}, {At: at(5), Newest: push(2), Counted: true}}, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var i Istiod
			for _, l := range c.looks {
				i.See(l)
			}
			if got := i.Covers(push(c.push)); got != c.want {
				t.Errorf("covers push %d: %v, want %v", c.push, got, c.want)
			}
		})
	}
}

func TestConfigzTellsWhatIstiodHasRead(t *testing.T) {
	configz, err := ParseConfigz([]byte(`[{"kind":"VirtualService","metadata":{"name":"catalog","namespace":"shop","generation":3,"resourceVersion":"17"}}]`))
	if err != nil {
		t.Fatal(err)
	}
	of := func(kind, group, name string, generation int64, version string) Change {
		key := resource.Key{Namespace: "shop", Name: name}
		key.Kind, key.Group = kind, group
		return Change{Key: key, Generation: generation, ResourceVersion: version}
	}
	gone := func(c Change) Change {
		c.Deleted = true
		return c
	}
	for _, c := range []struct {
		change Change
		want   Listing
	}{
		{of("VirtualService", "networking.istio.io", "catalog", 3, "17"), Listed},
		{of("VirtualService", "networking.istio.io", "catalog", 3, "18"), Listed}, // its status was written
		{of("VirtualService", "networking.istio.io", "catalog", 2, ""), Listed},
		{of("VirtualService", "networking.istio.io", "catalog", 4, ""), Absent},
		{of("VirtualService", "networking.istio.io", "orders", 1, ""), Absent},
		{of("DestinationRule", "networking.istio.io", "catalog", 1, ""), Absent}, // the first of its kind
		{gone(of("VirtualService", "networking.istio.io", "catalog", 3, "17")), Absent},
		{gone(of("VirtualService", "networking.istio.io", "orders", 1, "")), Listed},
		{gone(of("DestinationRule", "networking.istio.io", "catalog", 1, "")), Listed}, // the last of its kind
		{gone(of("Service", "", "catalog", 0, "5")), Unknown},
		{of("Service", "", "catalog", 0, "5"), Unknown},
		{of("HTTPRoute", "gateway.networking.k8s.io", "catalog", 1, "5"), Unknown},
	} {
		if got := configz.Has(c.change); got != c.want {
			t.Errorf("%s: %d, want %d", c.change, got, c.want)
		}
	}
	if _, err := ParseConfigz([]byte("<html>")); err == nil {
		t.Error("HTML is taken for a list of objects")
	}
}

func TestAnObjectIsForTheProxiesThatItChooses(t *testing.T) {
	const root = "istio-system"
	pod := func(namespace string, labels map[string]string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Labels: labels}}
	}
	catalog, orders := pod("shop", map[string]string{"app": "catalog"}), pod("shop", map[string]string{"app": "orders"})
	other, ingress := pod("other", map[string]string{"app": "catalog"}), pod("edge", map[string]string{"istio": "ingress", "gateway.networking.k8s.io/gateway-name": "edge"})
	for _, c := range []struct {
		name, yaml string
		want       [4]bool // catalog, orders, other, ingress
	}{
		{"a route is for all", "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a]}", [4]bool{true, true, true, true}},
		{"exportTo", "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: shop}\nspec: {hosts: [a], exportTo: ['.', edge]}", [4]bool{true, true, false, true}},
		{"a gateway's selector", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: shop}\nspec: {selector: {istio: ingress}}", [4]bool{false, false, false, true}},
		{"a policy's selector", "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {selector: {matchLabels: {app: catalog}}}", [4]bool{true, false, false, false}},
		{"a policy of a namespace", "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: shop}\nspec: {}", [4]bool{true, true, false, false}},
		{"a policy of the root namespace", "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: istio-system}\nspec: {selector: {matchLabels: {app: catalog}}}", [4]bool{true, false, true, false}},
		{"a Sidecar's workloadSelector", "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a, namespace: shop}\nspec: {workloadSelector: {labels: {app: orders}}}", [4]bool{false, true, false, false}},
		{"a policy for a gateway", "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: edge}\nspec: {targetRefs: [{kind: Gateway, name: edge}]}", [4]bool{false, false, false, true}},
		{"a gateway of the Gateway API", "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: edge}\nspec: {}", [4]bool{false, false, false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, problems := resource.Parse("a.yaml", []byte(c.yaml))
			if len(problems) > 0 {
				t.Fatal(problems[0])
			}
			scope := ScopeOf(objects[0], root)
			got := [4]bool{scope.Contains(catalog), scope.Contains(orders), scope.Contains(other), scope.Contains(ingress)}
			if got != c.want {
				t.Errorf("catalog, orders, other, ingress: %v, want %v", got, c.want)
			}
		})
	}
}

func TestBehindSaysWhatIsMissing(t *testing.T) {
	p := status.Proxy{Types: map[string]status.Type{"CDS": {State: status.Synced}, "LDS": {State: status.Error, Problem: "no such filter"}, "RDS": {State: status.Stale}}}
	if got, want := Behind(p), "LDS was rejected: no such filter; RDS is sent but not acknowledged"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
