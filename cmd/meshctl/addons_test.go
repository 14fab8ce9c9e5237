package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/pkg/addons"
)

func TestAddonsChecksHowItIsCalled(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"addons install zipkin --yes":                                 "there are prometheus, grafana, kiali, jaeger",
		"addons install":                                              "give --yes",
		"addons uninstall":                                            "give --yes",
		"addons upgrade":                                              "give --yes",
		"addons install --storage much --yes":                         `--storage: "much" is no size`,
		"addons install --storage-class fast --yes":                   "needs --storage",
		"addons install kiali --grafana-admin-password-file x --yes":  "needs grafana among the addons",
		"addons install --grafana-admin-password-file nosuch --yes":   "reading Grafana's password",
		"addons install --grafana-admin-password-file - ":             "give --yes",
		"addons install --yes --grafana-admin-password-file " + empty: "it is empty",
		"addons manifest --grafana-admin-password-file " + empty:      "it is empty",
		"addons list kiali":                                           "takes no arguments",
	} {
		got := meshctl(testEnv(t, ""), strings.Fields(line)...)
		if got.code != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: exit %d, stderr %s", line, got.code, got.stderr)
		}
	}
}

// The password on standard input ends up in the Secret that is printed.
func TestAddonsManifestWithAPassword(t *testing.T) {
	got := meshctl(testEnv(t, "s3cret\n"), "addons", "manifest", "grafana", "--grafana-admin-password-file", "-", "-o", "json")
	var list struct {
		Items []struct {
			Kind string
			Data map[string]string
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &list); err != nil || got.stderr != "" {
		t.Fatalf("%v, stderr %s", err, got.stderr)
	}
	if !slices.ContainsFunc(list.Items, func(o struct {
		Kind string
		Data map[string]string
	}) bool {
		return o.Kind == "Secret" && o.Data[addons.PasswordKey] == "czNjcmV0"
	}) {
		t.Error("there is no Secret with it")
	}
}

func addonDeployment(name, version string, available int) string {
	return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ` + name + `, namespace: istio-system, labels: {addons.meshctl.io/name: ` + name + `, addons.meshctl.io/namespace: istio-system, app.kubernetes.io/version: ` + version + `}}
spec: {replicas: 1}
status: {updatedReplicas: 1, availableReplicas: ` + string(rune('0'+available)) + `}
`
}

func TestAddonsListShowsWhatIsBehindOrNotReady(t *testing.T) {
	s := kubetest.NewServer(t, addonDeployment("prometheus", "3.0.0", 1), addonDeployment("kiali", "2.30.0", 0))
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "addons", "list")
	want := `ADDON        NAMESPACE      VERSION   AVAILABLE   STATE                         STORAGE
prometheus   istio-system   3.0.0     3.11.3      ready                         -
grafana      -              -         13.1.2      not installed                 -
kiali        istio-system   2.30.0    2.30.0      0 of 1 pods are available     -
jaeger       -              -         2.17.0      not installed                 -
`
	if got.code != exitOK || strings.Join(strings.Fields(got.stdout), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("exit %d, stderr %s\n%s", got.code, got.stderr, got.stdout)
	}
}

func TestAddonsDoNotGoBackByThemselves(t *testing.T) {
	s := kubetest.NewServer(t, addonDeployment("prometheus", "99.0.0", 1), `{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}`)
	for _, command := range []string{"install", "upgrade"} {
		got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "addons", command, "prometheus", "--plan")
		if got.code != exitFailed || !strings.Contains(got.stderr, "Prometheus 99.0.0 is newer than") || !strings.Contains(got.stderr, "--allow-downgrade") {
			t.Errorf("%s: exit %d, stderr %s", command, got.code, got.stderr)
		}
		got = meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "addons", command, "prometheus", "--plan", "--allow-downgrade")
		if got.code != exitFindings {
			t.Errorf("%s --allow-downgrade: exit %d, stderr %s", command, got.code, got.stderr)
		}
	}
}
