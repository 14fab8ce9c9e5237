package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshctl/meshctl/test/lab"
)

// brokenShop has mistakes that an API server and istiod's webhook accept.
const brokenShop = `
apiVersion: v1
kind: Service
metadata: {name: catalog}
spec: {selector: {app: catalog}, ports: [{name: http, port: 80}, {name: metrics, port: 9090}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: catalog}
spec:
  selector: {matchLabels: {app: catalog}}
  template:
    metadata: {labels: {app: catalog, version: v1}}
    spec: {containers: [{name: app, image: app, ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: batch}
spec:
  selector: {matchLabels: {app: batch}}
  template:
    metadata: {labels: {app: batch}, annotations: {sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: app, image: app, securityContext: {runAsUser: 1337}}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [shop.example.com], tls: {mode: SIMPLE, credentialName: shop-cert}}
  - {port: {number: 9999, name: other, protocol: HTTP}, hosts: [shop.example.com]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog}
spec:
  hosts: [shop.example.com]
  gateways: [web, wbe]
  http:
  - match: [{uri: {prefix: /catalog}}]
    timeout: 1s
    retries: {attempts: 5, perTryTimeout: 2s}
    route: [{destination: {host: catalog, subset: v2}}]
  - route: [{destination: {host: absent}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog}
spec:
  host: catalog
  subsets: [{name: v1, labels: {version: v1}}, {name: v9, labels: {version: v9}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody}
spec:
  selector: {matchLabels: {app: absent}}
  rules: [{from: [{source: {namespaces: [nowhere]}}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default}
spec: {mtls: {mode: STRICT}}
`

// brokenNamespace is a namespace with sidecars and the mistakes of brokenShop.
func brokenNamespace(t *testing.T) *lab.Case {
	t.Helper()
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(brokenShop)
	c.WaitForRollouts()
	return c
}

// verdict is a finding without its place, which only files have.
type verdict struct{ Code, Level, Origin, Message, Field, Fingerprint string }

func verdicts(t *testing.T, r result) []verdict {
	t.Helper()
	if r.code != 0 && r.code != 3 {
		t.Fatalf("meshctl %s: exit code %d\n%s", strings.Join(r.args, " "), r.code, r.stderr)
	}
	return decode[[]verdict](t, r.stdout)
}

func codes(all []verdict) string {
	var list []string
	for _, v := range all {
		list = append(list, v.Code)
	}
	return strings.Join(list, " ")
}

// dump writes the objects of a cluster to a file, as `kubectl get` would print them.
func dump(t *testing.T, l *lab.Lab) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	config.WarningHandlerWithContext = rest.NoWarnings{}
	resources, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerPreferredResources()
	if err != nil {
		t.Fatal(err)
	}
	client := dynamic.NewForConfigOrDie(config)
	var text bytes.Buffer
	for _, list := range resources {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range list.APIResources {
			if strings.Contains(kind.Name, "/") || !strings.Contains(kind.Verbs.String(), "list") || kind.Kind == "Event" {
				continue
			}
			items, err := client.Resource(gv.WithResource(kind.Name)).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatalf("listing %s: %v", kind.Name, err)
			}
			for _, item := range items.Items {
				if foreign(item) {
					continue
				}
				line, err := json.Marshal(item.Object)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&text, "---\n%s\n", line)
			}
		}
	}
	name := filepath.Join(t.TempDir(), "cluster.yaml")
	if err := os.WriteFile(name, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// foreign reports whether an object is none that a run in a cluster reads.
func foreign(o unstructured.Unstructured) bool {
	return o.GetKind() == "ConfigMap" && o.GetNamespace() != "istio-system"
}

func TestALiveRunSaysWhatARunOnTheSameObjectsInFilesSays(t *testing.T) {
	c := brokenNamespace(t)
	var live, offline []verdict
	c.Eventually("a cluster that does not change between two runs", func() error {
		live = verdicts(t, runMeshctl(t, c.Kubeconfig, "analyze", "-A", "-o", "json"))
		offline = verdicts(t, runMeshctl(t, "/nonexistent", "analyze", "-A", "--scope", "whole", "-o", "json", dump(t, c.Lab)))
		if diff := cmp.Diff(live, offline); diff != "" {
			return fmt.Errorf("live and offline differ:\n%s", diff)
		}
		return nil
	})
	var own []verdict
	for _, v := range live {
		kind, name, _ := strings.Cut(v.Origin, " ")
		namespace, _, inside := strings.Cut(name, "/")
		if inside || kind == "Namespace" {
			if namespace != c.Namespace {
				continue
			}
		}
		own = append(own, v) // and what is outside of namespaces
	}
	for _, code := range []string{"IST0101", "IST0112", "IST0127", "IST0144", "IST0162", "IST0173", "MSH0103", "MSH0108"} {
		if !strings.Contains(codes(own), code) {
			t.Errorf("%s is missing: %s", code, codes(own))
		}
	}
	// -n limits the report to a namespace.
	some := verdicts(t, runMeshctl(t, c.Kubeconfig, "analyze", "-n", c.Namespace, "-o", "json"))
	if diff := cmp.Diff(own, some); diff != "" {
		t.Errorf("all namespaces and one:\n%s", diff)
	}
	for _, v := range verdicts(t, runMeshctl(t, c.Kubeconfig, "analyze", "-n", "default", "-o", "json")) {
		if strings.Contains(v.Origin, c.Namespace) {
			t.Errorf("reported for another namespace: %+v", v)
		}
	}
}

func TestFilesAreLaidOverTheCluster(t *testing.T) {
	c := brokenNamespace(t)
	repaired := strings.NewReplacer(
		"[web, wbe]", "[web]", ", subset: v2}", ", subset: v1, port: {number: 80}}", "host: absent", "host: catalog, port: {number: 80}", "timeout: 1s", "timeout: 20s",
	).Replace(brokenShop)
	file := filepath.Join(t.TempDir(), "new.yaml")
	if err := os.WriteFile(file, []byte(repaired), 0o600); err != nil {
		t.Fatal(err)
	}
	about := func(all []verdict) (virtualService []verdict) {
		for _, v := range all {
			if v.Origin == "VirtualService "+c.Namespace+"/catalog" {
				virtualService = append(virtualService, v)
			}
		}
		return virtualService
	}
	before := runMeshctl(t, c.Kubeconfig, "analyze", "-n", c.Namespace, "-o", "json")
	if len(about(verdicts(t, before))) < 4 {
		t.Errorf("the cluster's own object: %s", before.stdout)
	}
	laid := runMeshctl(t, c.Kubeconfig, "analyze", "-n", c.Namespace, "-o", "json", "--use-kube", file)
	if left := about(verdicts(t, laid)); len(left) > 0 {
		t.Errorf("the object that the file replaces is still judged: %+v", left)
	}
	if !strings.Contains(laid.stdout, "IST0162") || !strings.Contains(laid.stdout, file) {
		t.Errorf("what the file does not repair is gone: %s", laid.stdout)
	}
	// A new object finds in the cluster what it refers to.
	added := `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: more}, spec: {hosts: [more.example.com], gateways: [web], http: [{route: [{destination: {host: catalog, port: {number: 80}}, weight: 50}, {destination: {host: catalogue}, weight: 50}]}]}}`
	if err := os.WriteFile(file, []byte(added), 0o600); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, v := range verdicts(t, runMeshctl(t, c.Kubeconfig, "analyze", "-n", c.Namespace, "-o", "json", "--use-kube", file)) {
		if strings.HasSuffix(v.Origin, "/more") {
			found = append(found, v.Code+" "+v.Field)
		}
	}
	want := []string{"IST0101 spec.http[0].route[1].destination.host", "IST0132 spec.gateways[0]"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings about the new object:\n%s", diff)
	}
	// Nothing was applied. Of other stories' namespaces some may have gone since.
	own := func(r result) (kept []verdict) {
		for _, v := range verdicts(t, r) {
			if strings.Contains(v.Origin, c.Namespace) {
				kept = append(kept, v)
			}
		}
		return kept
	}
	after := runMeshctl(t, c.Kubeconfig, "analyze", "-n", c.Namespace, "-o", "json")
	if diff := cmp.Diff(own(before), own(after)); diff != "" {
		t.Errorf("the cluster has changed:\n%s", diff)
	}
}

func readAll(groups ...string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: groups, Resources: []string{"*"}, Verbs: []string{"get", "list"}}}
}

func TestAnalyzeOfUsersWithFewRights(t *testing.T) {
	c := brokenNamespace(t)
	mesh := []string{"networking.istio.io", "security.istio.io", "telemetry.istio.io", "extensions.istio.io", "gateway.networking.k8s.io"}

	// The configuration of the mesh, and nothing of what runs in it.
	kubeconfig, err := c.NewUser(c.Context(), "", readAll(mesh...)...)
	if err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, kubeconfig, "analyze", "-A", "-o", "json")
	r.want(t, 3)
	if found := codes(verdicts(t, r)); !strings.Contains(found, "MSH0103") || strings.Contains(found, "IST0173") || strings.Contains(found, "IST0127") {
		t.Errorf("found %s", found)
	}
	if !strings.Contains(r.stdout, `\"wbe\" does not exist`) {
		t.Errorf("what can be known is not reported:\n%s", r.stdout)
	}
	for _, part := range []string{"partial: nothing is known of ", "ConfigMap", "Pod", "Service", "forbidden", "analyzers were left out"} {
		if !strings.Contains(r.stderr, part) {
			t.Errorf("stderr does not say %q:\n%s", part, r.stderr)
		}
	}
	t.Logf("reads configuration:\n%s", r.stderr)

	// One namespace only.
	kubeconfig = c.User(readAll(append(mesh, "", "apps")...)...)
	r = runMeshctl(t, kubeconfig, "analyze", "-n", c.Namespace, "-o", "json")
	r.want(t, 3)
	if found := codes(verdicts(t, r)); !strings.Contains(found, "MSH0103") || !strings.Contains(found, "IST0144") {
		t.Errorf("found %s", found)
	}
	// What is missing in the namespace itself is certain; Secrets of gateways and
	// subsets may be elsewhere.
	for text, certain := range map[string]bool{`\"wbe\" does not exist`: true, `\"absent\" does not exist`: true, "shop-cert": false, "subset": false} {
		if strings.Contains(r.stdout, text) != certain {
			t.Errorf("reported %s: %v, want %v\n%s", text, !certain, certain, r.stdout)
		}
	}
	if !strings.Contains(r.stderr, "only namespace "+c.Namespace+" may be read of ") {
		t.Errorf("stderr: %s", r.stderr)
	}
	t.Logf("reads a namespace:\n%s", r.stderr)

	// Nothing at all.
	r = runMeshctl(t, c.User(), "analyze", "-n", c.Namespace)
	r.want(t, 4)
	if r.stdout != "" || !strings.Contains(r.stderr, "forbidden") {
		t.Errorf("nothing is allowed:\n%s%s", r.stdout, r.stderr)
	}
}

func TestAnalyzeWhenTheAPIServerFailsInTheMiddle(t *testing.T) {
	c := brokenNamespace(t)
	door := c.Door()
	for _, failing := range []struct {
		what   string
		fail   func()
		absent string // that would be claimed without knowing
	}{
		{"one kind answers with an error", func() { door.Fail(500, "/pods") }, "IST0127 IST0173"},
		{"one kind is unavailable", func() { door.Fail(503, "/gateways") }, `wbe shop-cert`},
		{"one kind hangs", func() { door.Slow(lab.Hang, "/services") }, `\"absent\"`},
	} {
		t.Run(failing.what, func(t *testing.T) {
			failing.fail()
			defer door.Open()
			r := runMeshctl(t, door.Kubeconfig, "analyze", "-n", c.Namespace, "-o", "json", "--timeout", "5s", "-S", "IST0112=*")
			if r.code != 3 || !strings.Contains(r.stdout, "namespace \\\"nowhere\\\" does not exist") || !strings.Contains(r.stderr, "the result is partial") {
				t.Errorf("exit code %d: what is certain is not found\n%s%s", r.code, r.stdout, r.stderr)
			}
			for code := range strings.FieldsSeq(failing.absent) {
				if strings.Contains(r.stdout, code) {
					t.Errorf("%s is reported without knowing:\n%s", code, r.stdout)
				}
			}
			if r.took.Seconds() > 8 {
				t.Errorf("took %s", r.took)
			}
			t.Logf("%s", r.stderr)
		})
	}
	// The answer breaks off between two pages, or in one.
	door.Slow(0, "")
	cmd := command(c.Context(), door.Kubeconfig, "analyze", "-A", "--timeout", "20s")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	door.Slow(lab.Hang, "/virtualservices")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.Eventually("the list of VirtualServices", func() error {
		for _, request := range door.Requests() {
			if strings.Contains(request, "/virtualservices?") {
				return nil
			}
		}
		return fmt.Errorf("not asked for")
	})
	door.Refuse()
	_ = cmd.Wait() // the exit code tells
	if code := cmd.ProcessState.ExitCode(); code != 4 || stdout.Len() > 0 {
		t.Errorf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	t.Logf("%s", &stderr)
}
