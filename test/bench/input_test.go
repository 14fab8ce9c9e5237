package bench

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// mesh is a mesh of about n objects in one stream: services with their
// routing, a tenth of it in need of a second look.
func mesh(n int) []byte {
	var b bytes.Buffer
	b.WriteString("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: istio-system\n")
	for i := range n / 4 {
		ns := fmt.Sprintf("team-%d", i%50)
		subset := "v1"
		if i%10 == 0 {
			subset = "absent"
		}
		fmt.Fprintf(&b, `---
apiVersion: v1
kind: Service
metadata:
  name: svc-%[1]d
  namespace: %[2]s
spec:
  selector:
    app: svc-%[1]d
  ports:
  - name: http
    port: 8080
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: svc-%[1]d
  namespace: %[2]s
spec:
  hosts:
  - svc-%[1]d
  http:
  - match:
    - uri:
        prefix: /v2
    route:
    - destination:
        host: svc-%[1]d
        subset: %[3]s
  - route:
    - destination:
        host: svc-%[1]d
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: svc-%[1]d
  namespace: %[2]s
spec:
  host: svc-%[1]d.%[2]s.svc.cluster.local
  subsets:
  - name: v1
    labels:
      version: v1
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: svc-%[1]d
  namespace: %[2]s
spec:
  selector:
    matchLabels:
      app: svc-%[1]d
  rules:
  - to:
    - operation:
        methods: ["GET"]
`, i, ns, subset)
	}
	return b.Bytes()
}

// deployments is a stream of n plain Deployments.
func deployments(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%[1]d
  namespace: team-%[2]d
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app-%[1]d
  template:
    metadata:
      labels:
        app: app-%[1]d
        version: v1
    spec:
      containers:
      - name: app
        image: registry.example/app:%[1]d
        ports:
        - containerPort: 8080
        readinessProbe:
          httpGet:
            path: /healthz
            port: 8080
---
`, i, i%50)
	}
	return b.Bytes()
}

// injectionConfig writes the mesh config, values and templates of the default
// profile into files, as an operator would take them from a cluster.
func injectionConfig(b *testing.B, dir string) {
	b.Helper()
	program, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	manifest, err := exec.Command(program, "manifest", "generate").Output()
	if err != nil {
		b.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(manifest), "\n---\n") {
		if !strings.Contains(doc, "kind: ConfigMap") {
			continue
		}
		var configMap struct {
			Metadata struct{ Name string }
			Data     map[string]string
		}
		if err := yaml.Unmarshal([]byte(doc), &configMap); err != nil {
			b.Fatal(err)
		}
		switch configMap.Metadata.Name {
		case "istio":
			write(b, dir, "mesh.yaml", []byte(configMap.Data["mesh"]))
		case "istio-sidecar-injector":
			write(b, dir, "config.yaml", []byte(configMap.Data["config"]))
			write(b, dir, "values.json", []byte(configMap.Data["values"]))
		}
	}
}
