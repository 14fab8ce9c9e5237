package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestDashboardsAreFoundOrExplained(t *testing.T) {
	two := dashboardPod("istio-system", "prometheus-0", "app.kubernetes.io/name: prometheus", 9090) + "---" +
		dashboardPod("monitoring", "prom-a", "app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: a", 9090)
	three := two + "---" + dashboardPod("monitoring", "prom-b", "app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: b", 9090)
	service := `
apiVersion: v1
kind: Service
metadata: {name: prom, namespace: monitoring}
spec: {selector: {app.kubernetes.io/instance: a}, ports: [{name: web, port: 80, targetPort: 9090}, {name: reload, port: 81}]}
`
	tests := []struct {
		name, objects, args string
		pod, failure        string
	}{
		{"several, one in istio-system", three, "prometheus", "istio-system/prometheus-0", ""},
		{"in the namespace asked for", two, "prometheus -n monitoring", "monitoring/prom-a", ""},
		{"several in the namespace asked for", three, "prometheus -n monitoring", "",
			"there are several; choose one:\n  meshctl dashboard prometheus -n monitoring -l 'app.kubernetes.io/name=prometheus,app.kubernetes.io/instance=a'   # pod prom-a\n"},
		{"by the labels that this error names", three, "prometheus -n monitoring -l app.kubernetes.io/name=prometheus,app.kubernetes.io/instance=b", "monitoring/prom-b", ""},
		{"by service", three + "---" + service, "prometheus --service monitoring/prom:web", "monitoring/prom-a", ""},
		{"by service without port", three + "---" + service, "prometheus --service monitoring/prom", "", "has several ports; choose one of 80 web, 81 reload"},
		{"none", two, "grafana", "", "looking for Grafana: no pod with its usual labels in any namespace"},
		{"none with the labels asked for", two, "grafana -l app=mine", "", "looking for Grafana: no pod with labels \"app=mine\" in any namespace"},
		{"by service without a selector", two + "---\n{apiVersion: v1, kind: Service, metadata: {name: away, namespace: monitoring}, spec: {ports: [{port: 80}]}}", "prometheus --service monitoring/away", "", "service monitoring/away selects no pods"},
		{"istiod", dashboardPod("istio-system", "istiod-1", "app: istiod", 15014), "istiod-debug", "istio-system/istiod-1", ""},
		{"istiod of a revision", dashboardPod("istio-system", "istiod-1", "app: istiod, istio.io/rev: canary", 15014), "controlz -r canary", "istio-system/istiod-1", ""},
		{"a proxy by name", dashboardPod("shop", "web-1", "app: web", 80), "proxy web-1.shop", "shop/web-1", ""},
		{"a proxy by labels", dashboardPod("shop", "web-1", "app: web", 80), "envoy -n shop -l app=web", "shop/web-1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kubetest.NewServer(t, tt.objects)
			app := web(t, says(""))
			for _, pod := range s.Objects() {
				for _, port := range []int{9090, 9876, 15000, 15014} {
					s.Forward(pod.Namespace, pod.Name, port, app)
				}
			}
			r := startDashboard(t, s, append(strings.Fields(tt.args), "--browser=false")...)
			if tt.failure != "" {
				if code := <-r.code; code != exitFailed || !strings.Contains(r.stderr.String(), tt.failure) || r.stdout.String() != "" {
					t.Errorf("exit %d, stderr:\n%s", code, r.stderr)
				}
				return
			}
			r.url()
			r.waitFor("the pod", func() bool { return strings.Contains(r.stderr.String(), "forwarding to pod "+tt.pod+" ") })
		})
	}
}

func TestDashboardListAndAll(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("monitoring", "grafana-1", "app.kubernetes.io/name: grafana", 3000),
		dashboardPod("istio-system", "kiali-1", "app: kiali", 20001))
	s.Forward("monitoring", "grafana-1", 3000, web(t, says("grafana")))
	s.Forward("istio-system", "kiali-1", 20001, web(t, says("kiali")))
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "dashboard", "list")
	want := "DASHBOARD   NAMESPACE      POD         PORT    READY\n" +
		"grafana     monitoring     grafana-1   3000    true\n" +
		"kiali       istio-system   kiali-1     20001   true\n"
	if got.code != exitOK || got.stdout != want {
		t.Errorf("exit %d, stderr %s\n%s", got.code, got.stderr, cmp.Diff(want, got.stdout))
	}
	r := startDashboard(t, s, "all", "-o", "json")
	r.waitFor("the list", func() bool { return strings.Contains(r.stdout.String(), "]\n") })
	var list []struct{ Name, URL string }
	if err := json.Unmarshal([]byte(r.stdout.String()), &list); err != nil || len(list) != 2 {
		t.Fatalf("got %s, %v", r.stdout, err)
	}
	for _, d := range list {
		if body, err := get(d.URL); body != d.Name {
			t.Errorf("%s answers %q, %v", d.URL, body, err)
		}
	}
	if code := r.end(); code != exitOK {
		t.Errorf("exit %d", code)
	}
}
