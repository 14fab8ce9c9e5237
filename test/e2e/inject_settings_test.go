package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshctl/meshctl/test/lab"
)

// meshSetting is a way to install a mesh that changes what injection does.
type meshSetting struct {
	name     string
	operator string            // fields of an IstioOperator's spec, as YAML
	objects  string            // applied besides; NAMESPACE is that of the workloads
	tag      string            // set to the installation's revision, and injected by
	kubelet  string            // version of the nodes
	notes    map[string]string // annotations of the workloads' namespace

	// What shows on the proxy of a pod with app=hello that istiod has seen it all.
	env    map[string]string
	native bool
}

// meshSettings are installed one after the other.
var meshSettings = []meshSetting{
	{name: "cni", operator: `
values: {pilot: {cni: {enabled: true}}}
`},
	{name: "networks", operator: `
values:
  global: {network: net1, meshID: mesh1, multiCluster: {clusterName: one}}
`},
	{name: "openshift", operator: `
values:
  global: {platform: openshift}
  pilot: {cni: {enabled: true, provider: multus}}
`, notes: map[string]string{
		"openshift.io/sa.scc.uid-range":           "1000680000/10000",
		"openshift.io/sa.scc.supplemental-groups": "1000690000/10000,5/5",
	}},
	{name: "uid-range-elsewhere", operator: `
meshConfig: {}
`, notes: map[string]string{"openshift.io/sa.scc.uid-range": "1000680000/10000"}},
	{name: "native-by-env", operator: `
values: {pilot: {env: {ENABLE_NATIVE_SIDECARS: "true"}}}
`, native: true},
	{name: "native-by-nodes", kubelet: "v1.33.4", native: true},
	{name: "native-not-by-nodes", kubelet: "v1.32.9"},
	{name: "tag", operator: `
revision: canary
`, tag: "prod"},
	{name: "proxy-configs", objects: `
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: mesh-wide, namespace: istio-system}
spec: {concurrency: 3, environmentVariables: {WHERE: mesh, MESH: "yes"}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: of-the-namespace, namespace: NAMESPACE}
spec: {environmentVariables: {WHERE: namespace}, image: {imageType: distroless}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: of-one-app, namespace: NAMESPACE}
spec: {selector: {matchLabels: {app: hello}}, concurrency: 0, environmentVariables: {WHERE: app}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: of-nobody-here, namespace: default}
spec: {concurrency: 7}
`, env: map[string]string{"MESH": "yes", "WHERE": "app"}},
	{name: "templates", operator: `
values:
  sidecarInjectorWebhook:
    enableNamespacesByDefault: true
    defaultTemplates: [sidecar, custom]
    templates:
      custom: |
        metadata:
          labels: {custom: "{{ .DeploymentMeta.Name }}"}
          annotations: {owner: "{{ .TypeMeta.Kind }}", revision: "{{ .Revision }}"}
        spec:
          containers:
          - name: istio-proxy
            env: [{name: GREETING, value: hello}]
          - name: helper
            image: busybox
            args: ["{{ .ObjectMeta.Namespace }}"]
    neverInjectSelector: [{matchExpressions: [{key: version, operator: In, values: [v0]}]}]
    alwaysInjectSelector: [{matchLabels: {app: hello}}]
    rewriteAppHTTPProbe: false
`},
	{name: "mesh-config", operator: `
meshConfig:
  enablePrometheusMerge: false
  inboundTrafficPolicy: {mode: LOCALHOST}
  extensionProviders:
  - name: otel
    opentelemetry: {service: otel.example.com, port: 4317, serviceAttributeEnrichment: OTEL_SEMANTIC_CONVENTIONS}
  defaultConfig:
    holdApplicationUntilProxyStarts: true
    statusPort: 15030
    concurrency: 4
    terminationDrainDuration: 20s
    image: {imageType: debug}
    proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true", ISTIO_META_DNS_AUTO_ALLOCATE: "true", ENVOY_SECURE_MERGED_METRICS_PORT: "15099"}
`},
	{name: "tproxy", operator: `
meshConfig: {defaultConfig: {interceptionMode: TPROXY}}
`},
	{name: "dual-stack", operator: `
meshConfig: {defaultConfig: {proxyMetadata: {ISTIO_DUAL_STACK: "true", ISTIO_AGENT_DUAL_STACK: "true"}}}
values: {pilot: {env: {ISTIO_DUAL_STACK: "true"}}}
`},
	{name: "values", operator: `
values:
  global:
    imagePullPolicy: Always
    imagePullSecrets: [mesh-registry]
    variant: debug
    logAsJson: true
    nativeNftables: true
    pilotCertProvider: istiod
    caAddress: ca.example.com:15012
    sts: {servicePort: 15463}
    proxy_init: {image: "example.com/init:1"}
    proxy:
      privileged: true
      enableCoreDump: true
      excludeIPRanges: 10.1.0.0/16
      includeIPRanges: 10.0.0.0/8
      includeInboundPorts: "8080"
      excludeOutboundPorts: "3306"
      logLevel: debug
      componentLogLevel: "misc:error"
      clusterDomain: mesh.local
      seccompProfile: {type: RuntimeDefault}
      startupProbe: {enabled: false}
      resources: {requests: {cpu: 50m}, limits: {memory: 1Gi}}
      lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
      tracer: zipkin
`},
	{name: "ambient", operator: `
values: {profile: ambient, pilot: {env: {PILOT_ENABLE_AMBIENT: "true"}, cni: {enabled: true}}}
`},
}

// What `meshctl inject` makes of the corpus's workloads with a cluster's
// configuration is what istiod's webhook makes of them, however the mesh is
// installed.
func TestInjectFollowsTheSettingsOfTheMesh(t *testing.T) {
	l := ownLab(t, lab.Options{})
	var samples []sample
	for _, setting := range meshSettings {
		t.Run(setting.name, func(t *testing.T) {
			setting.install(t, l)
			revision, label := "default", "istio-injection=enabled"
			if setting.tag != "" {
				mustMeshctl(t, l.Kubeconfig, "tag", "set", setting.tag, "--revision", "canary", "--overwrite")
				revision, label = setting.tag, "istio.io/rev="+setting.tag
			}
			c, plain := l.In(t, label), l.In(t, "istio-injection=disabled")
			setting.prepare(t, c)
			if samples == nil {
				samples = corpusSamples(t, plain)
			}
			setting.wait(t, c)
			compareWithWebhook(t, c, plain, samples, "--revision", revision)
		})
	}
}

// install brings the mesh to the setting. A mark in the injector's
// configuration and one in the mesh config show when istiod has seen both.
func (s meshSetting) install(t *testing.T, l *lab.Lab) {
	t.Helper()
	marks := `{meshConfig: {defaultConfig: {proxyMetadata: {SETTING: %q}}}, values: {sidecarInjectorWebhook: {injectedAnnotations: {setting: %q}}}}`
	args := []string{"install", "--yes", "--profile", "minimal"}
	for n, spec := range []string{s.operator, fmt.Sprintf(marks, s.name, s.name)} {
		text := "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n" + indented(spec)
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.yaml", n))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-f", file)
	}
	mustMeshctl(t, l.Kubeconfig, args...)
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// prepare makes the case's namespace and the nodes what the setting says.
func (s meshSetting) prepare(t *testing.T, c *lab.Case) {
	t.Helper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": s.notes}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client.CoreV1().Namespaces().Patch(c.Context(), c.Namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if s.objects != "" {
		objects := strings.ReplaceAll(s.objects, "NAMESPACE", c.Namespace)
		c.Apply(objects)
		t.Cleanup(func() {
			ctx, cancel := withoutTest(commandTimeout)
			defer cancel()
			if err := c.Lab.Delete(ctx, c.Namespace, []byte(objects)); err != nil {
				t.Error(err)
			}
		})
	}
	if s.kubelet == "" {
		return
	}
	nodes, err := c.Client.CoreV1().Nodes().List(c.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes.Items {
		setKubelet(t, c.Lab, node.Name, s.kubelet)
		t.Cleanup(func() { setKubelet(t, c.Lab, node.Name, node.Status.NodeInfo.KubeletVersion) })
	}
}

func setKubelet(t *testing.T, l *lab.Lab, node, version string) {
	t.Helper()
	ctx, cancel := withoutTest(commandTimeout)
	defer cancel()
	patch := fmt.Appendf(nil, `{"status":{"nodeInfo":{"kubeletVersion":%q}}}`, version)
	if _, err := l.Client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		t.Error(err)
	}
}

// wait returns when the webhook goes by the setting.
func (s meshSetting) wait(t *testing.T, c *lab.Case) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "probe-", Labels: map[string]string{"app": "hello"}}}
	pod.Spec.Containers = []corev1.Container{{Name: "app", Image: "app"}}
	wanted := map[string]string{"SETTING": s.name}
	maps.Copy(wanted, s.env)
	eventually(t, "the webhook goes by "+s.name, func() error {
		injected, err := try(t, c, pod.DeepCopy())
		if err != nil {
			return err
		}
		if got := injected.Annotations["setting"]; got != s.name {
			return fmt.Errorf("it still injects by the setting %q", got)
		}
		containers := injected.Spec.Containers
		if s.native {
			containers = injected.Spec.InitContainers
		}
		found := map[string]string{}
		for _, container := range containers {
			if container.Name == "istio-proxy" {
				for _, variable := range container.Env {
					found[variable.Name] = variable.Value
				}
			}
		}
		for name, value := range wanted {
			if found[name] != value {
				return fmt.Errorf("the proxy has %s=%q, want %q", name, found[name], value)
			}
		}
		return nil
	})
}
