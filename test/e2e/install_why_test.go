package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/test/lab"
)

// smallQuota lets no pod into the namespace of the control plane.
const smallQuota = `
apiVersion: v1
kind: ResourceQuota
metadata: {name: small, namespace: istio-system}
spec: {hard: {pods: "0"}}
`

// deadPolicy has a webhook asked about each pod there that nobody answers.
const deadPolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
- name: policy.example.com
  clientConfig: {url: "https://127.0.0.1:1/validate"}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: istio-system}}
  admissionReviewVersions: [v1]
  sideEffects: None
`

// An installation that does not get ready in time says why, in the words of
// whoever knows: the kubelet, the scheduler, the API server or the program.
// Each situation has a revision of its own, so that none is left of the one
// before.
func TestInstallTellsWhyItIsNotReady(t *testing.T) {
	l := freshLab(t)
	for _, tt := range []struct {
		name     string
		objects  string   // before the installation
		settings []string // of it
		want     []string // in what it says
	}{
		{
			name: "image", settings: []string{"--set", "tag=" + lab.AbsentTag},
			want: []string{"container discovery: ImagePullBackOff", `pulling image "docker.io/istio/pilot:absent"`, "not found"},
		},
		{
			name: "crash", settings: []string{"--set", "values.global.logging.level=default:nonsense"},
			want: []string{"container discovery: CrashLoopBackOff", "exit code", "last lines", "nonsense"},
		},
		{
			name: "resources", settings: []string{"--set", "values.pilot.resources.requests.cpu=5000"},
			want: []string{"not scheduled", "Insufficient cpu"},
		},
		{
			name: "quota", objects: smallQuota,
			want: []string{"exceeded quota: small", "limited: pods=0"},
		},
		{
			name: "webhook", objects: deadPolicy,
			want: []string{`failed calling webhook "policy.example.com"`, "connection refused"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			namespace := "{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}\n---"
			if err := l.Apply(t.Context(), "", []byte(namespace+tt.objects)); err != nil {
				t.Fatal(err)
			}
			args := []string{"install", "--yes", "--profile", "minimal", "--revision", tt.name, "--timeout", "20s"}
			r := runMeshctl(t, l.Kubeconfig, append(args, tt.settings...)...)
			if err := l.Delete(t.Context(), "", []byte(tt.objects)); err != nil {
				t.Error(err)
			}
			r.want(t, 1)
			for _, want := range append(tt.want, "Deployment istio-system/istiod-"+tt.name+": ") {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("it does not tell %q:\n%s", want, r.stderr)
				}
			}
		})
	}
}

// When a workload does not get ready, the reason is told: while it is waited for,
// and again when the time is over.
func TestWaitingTellsTheCause(t *testing.T) {
	l := freshLab(t)
	ctx, stop := context.WithTimeout(t.Context(), commandTimeout)
	defer stop()
	install := []string{"install", "--yes", "--profile", "minimal", "--set", "values.pilot.nodeSelector.disk=none"}
	cmd := command(ctx, l.Kubeconfig, install...)
	said := &lines{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cause", func() error {
		if text := said.String(); !strings.Contains(text, "not scheduled") {
			return fmt.Errorf("it is not told:\n%s", text)
		}
		return nil
	})
	stop()
	_ = cmd.Wait() // it was killed

	// All is applied by now: what is left to do is to wait.
	r := runMeshctl(t, l.Kubeconfig, append(install, "--timeout", "20s")...)
	r.want(t, 1)
	if !strings.Contains(r.stderr, "Deployment istio-system/istiod") || !strings.Contains(r.stderr, "not scheduled") {
		t.Errorf("the cause is not told:\n%s", r.stderr)
	}
}
