package dashboard

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// cluster is a list of pods, in the order in which a cluster ranks them.
type cluster []*corev1.Pod

func (c cluster) Pods(_ context.Context, namespace, selector string) ([]*corev1.Pod, error) {
	s, err := labels.Parse(selector)
	var pods []*corev1.Pod
	for _, p := range c {
		if s.Matches(labels.Set(p.Labels)) && (namespace == "" || p.Namespace == namespace) {
			pods = append(pods, p)
		}
	}
	return pods, err
}

func pod(t *testing.T, text string) *corev1.Pod {
	t.Helper()
	p := &corev1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(text), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func named(t *testing.T, name string) Dashboard {
	t.Helper()
	for _, d := range All() {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no dashboard %s", name)
	return Dashboard{}
}

func TestFindKnowsTheUsualInstallations(t *testing.T) {
	tests := []struct{ name, dashboard, pod string }{
		{"Istio's sample", "grafana", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: grafana, app.kubernetes.io/instance: grafana}}}`},
		{"Grafana's operator", "grafana", `{metadata: {namespace: a, name: p, labels: {app: grafana}}}`},
		{"Istio's sample", "kiali", `{metadata: {namespace: a, name: p, labels: {app: kiali, app.kubernetes.io/name: kiali}}}`},
		{"OpenShift before 3.0", "kiali", `{metadata: {namespace: a, name: p, labels: {app: kiali}}}`},
		{"Helm chart", "prometheus", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: prometheus, app.kubernetes.io/component: server}}}`},
		{"old Helm chart", "prometheus", `{metadata: {namespace: a, name: p, labels: {app: prometheus, component: server}}}`},
		{"Istio's sample", "jaeger", `{metadata: {namespace: a, name: p, labels: {app: jaeger}}}`},
		{"Helm chart", "jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: jaeger, app.kubernetes.io/component: query}}}`},
		{"Helm chart of Jaeger 2", "jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: jaeger, app.kubernetes.io/component: all-in-one}}}`},
		{"Jaeger's operator", "jaeger", `{metadata: {namespace: a, name: p, labels: {app: jaeger, app.kubernetes.io/name: mine, app.kubernetes.io/component: query}}}`},
		{"OpenTelemetry's operator", "jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/component: opentelemetry-collector, app.kubernetes.io/instance: a.mine}}, spec: {containers: [{name: otc, ports: [{containerPort: 4317}, {containerPort: 16686}]}]}}`},
		{"OpenShift's Tempo", "jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: tempo, app.kubernetes.io/component: query-frontend}}}`},
		{"OpenShift's small Tempo", "jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: tempo-monolithic}}, spec: {containers: [{name: jaeger-query, ports: [{name: jaeger-ui, containerPort: 16686}]}]}}`},
		{"Grafana's operator, version 5", "grafana", `{metadata: {namespace: a, name: p, labels: {app: mine, app.kubernetes.io/managed-by: grafana-operator}}, spec: {containers: [{name: grafana, ports: [{containerPort: 3000}]}]}}`},
		{"kube-prometheus-stack", "grafana", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: grafana, app.kubernetes.io/instance: stack}}, spec: {containers: [{name: grafana-sc-dashboard}, {name: grafana, ports: [{name: grafana, containerPort: 3000}, {name: gossip-tcp, containerPort: 9094}]}]}}`},
		{"kube-prometheus-stack", "prometheus", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: prometheus, prometheus: stack, operator.prometheus.io/name: stack}}, spec: {containers: [{name: prometheus, ports: [{name: http-web, containerPort: 9090}]}, {name: config-reloader, ports: [{name: reloader-web, containerPort: 8080}]}]}}`},
		{"Kiali's operator", "kiali", `{metadata: {namespace: a, name: p, labels: {app: kiali, app.kubernetes.io/name: kiali, app.kubernetes.io/instance: kiali}}, spec: {containers: [{name: kiali, ports: [{name: api-port, containerPort: 20001}, {name: http-metrics, containerPort: 9090}]}]}}`},
		{"Istio's sample", "zipkin", `{metadata: {namespace: a, name: p, labels: {app: zipkin}}}`},
		{"Istio's sample", "skywalking", `{metadata: {namespace: a, name: p, labels: {app: skywalking-ui}}}`},
		{"Helm chart", "skywalking", `{metadata: {namespace: a, name: p, labels: {app: skywalking, component: ui}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.dashboard+" by "+tt.name, func(t *testing.T) {
			d := named(t, tt.dashboard)
			found, err := Find(t.Context(), cluster{pod(t, tt.pod)}, d, "")
			if err != nil || len(found) != 1 || found[0].Port != d.Port {
				t.Errorf("got %+v, %v", found, err)
			}
		})
	}
}

// What only belongs to a dashboard serves no page.
func TestFindLeavesOtherPartsOut(t *testing.T) {
	for _, tt := range []struct{ dashboard, pod string }{
		{"jaeger", `{metadata: {namespace: a, name: p, labels: {app: jaeger, app.kubernetes.io/component: collector}}}`},
		{"jaeger", `{metadata: {namespace: a, name: p, labels: {app: jaeger, app.kubernetes.io/component: agent}}}`},
		{"jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: jaeger-operator}}}`},
		{"jaeger", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/component: opentelemetry-collector}}, spec: {containers: [{name: otc, ports: [{containerPort: 4317}]}]}}`},
		{"prometheus", `{metadata: {namespace: a, name: p, labels: {app: prometheus, component: node-exporter}}}`},
		{"prometheus", `{metadata: {namespace: a, name: p, labels: {app: prometheus, component: pushgateway}}}`},
		{"prometheus", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: prometheus-operator}}}`},
		{"kiali", `{metadata: {namespace: a, name: p, labels: {app: kiali-operator, app.kubernetes.io/name: kiali-operator}}}`},
		{"grafana", `{metadata: {namespace: a, name: p, labels: {app.kubernetes.io/name: grafana-operator}}}`},
	} {
		if found, err := Find(t.Context(), cluster{pod(t, tt.pod)}, named(t, tt.dashboard), ""); err != nil || len(found) > 0 {
			t.Errorf("%s: %+v, %v", tt.pod, found, err)
		}
	}
}

func TestFindTellsInstallationsApartAndCountsReplicasOnce(t *testing.T) {
	pods := cluster{
		pod(t, `{metadata: {namespace: b, name: ready, labels: {app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: x}}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`),
		pod(t, `{metadata: {namespace: b, name: replica, labels: {app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: x}}}`),
		pod(t, `{metadata: {namespace: b, name: other, labels: {app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: second}}}`),
		pod(t, `{metadata: {namespace: a, name: plain, labels: {app.kubernetes.io/name: prometheus, app: prometheus}}}`),
		pod(t, `{metadata: {namespace: a, name: alerts, labels: {app: prometheus, component: alertmanager}}}`),
	}
	found, err := Find(t.Context(), pods, named(t, "prometheus"), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.Namespace+"/"+f.Pod+" by "+f.Selector)
		if f.Ready != (f.Pod == "ready") {
			t.Errorf("ready: %+v", f)
		}
	}
	want := []string{
		"a/plain by app.kubernetes.io/name=prometheus",
		"b/other by app.kubernetes.io/name=prometheus,app.kubernetes.io/instance=second",
		"b/ready by app.kubernetes.io/name=prometheus,app.kubernetes.io/instance=x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPortOf(t *testing.T) {
	tests := []struct {
		name, spec string
		want       int
	}{
		{"none declared", `{containers: [{name: a}]}`, 3000},
		{"the usual one among others", `{containers: [{name: a, ports: [{containerPort: 9094}, {containerPort: 3000}]}]}`, 3000},
		{"another one with a telling name", `{containers: [{name: a, ports: [{name: gossip, containerPort: 9094}, {name: http-web, containerPort: 8080}]}]}`, 8080},
		{"no telling name", `{containers: [{name: a, ports: [{name: gossip, containerPort: 9094}]}]}`, 3000},
		{"the sidecar's ports do not count", `{containers: [{name: istio-proxy, ports: [{name: http, containerPort: 15090}]}]}`, 3000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := PortOf(pod(t, "{spec: "+tt.spec+"}"), 3000); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCredentialsAreNamedNotRead(t *testing.T) {
	p := pod(t, `{metadata: {namespace: m, labels: {app: grafana}}, spec: {containers: [{name: g, env: [
{name: GF_SECURITY_ADMIN_USER, valueFrom: {secretKeyRef: {name: g, key: admin-user}}},
{name: GF_SECURITY_ADMIN_PASSWORD, valueFrom: {secretKeyRef: {name: g, key: admin-password}}}]}]}}`)
	want := &Credentials{Namespace: "m", Secret: "g", UserKey: "admin-user", PasswordKey: "admin-password"}
	if diff := cmp.Diff(want, credentials(p, named(t, "grafana"))); diff != "" {
		t.Error(diff)
	}
	if c := credentials(pod(t, `{spec: {containers: [{name: g}]}}`), named(t, "grafana")); c != nil {
		t.Errorf("got %+v", c)
	}
}
