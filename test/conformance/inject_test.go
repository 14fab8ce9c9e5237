package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
	"github.com/meshctl/meshctl/pkg/install"
)

// injectDeviation says why a case differs from istioctl's outcome on purpose,
// and which documents of it; "" if it does not.
func injectDeviation(name string) (kind, reason string) {
	switch name {
	case "own-workload-kinds", "cni-own-workload-kinds", "demo-own-workload-kinds", "multicluster-own-workload-kinds":
		return "Rollout", "the peer copies Argo Rollouts; here they are injected, as the webhook injects their pods"
	case "flag-operator-file":
		return "Deployment", "the peer takes the operator file's values without those of the charts and cannot read its own output; here it works"
	}
	return "", ""
}

// TestInject injects the inputs of the corpus with the configuration files
// they name. The documents must be equal once parsed, in the same order.
// Workloads that are not injected are the one general exception: the peer
// writes them anew with the zero values of their Go types, here they stay as
// they were written, so they are compared without empty values.
func TestInject(t *testing.T) {
	passed, deviations, total := 0, 0, 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "inject")) {
		name := filepath.Base(dir)
		total++
		kind, reason := injectDeviation(name)
		if reason != "" {
			deviations++
		}
		if difference := compareInjection(t, dir, kind); difference != "" {
			t.Errorf("%s: %s", name, difference)
		} else {
			passed++
		}
	}
	t.Logf("inject: %d of %d cases equal, in %d of them without one kind, for a reason", passed, total, deviations)
}

// compareInjection gives the difference in words, "" for none. Documents of
// the kind except are not compared.
func compareInjection(t *testing.T, dir, except string) string {
	var meta struct {
		ExitCode int               `json:"exit_code"`
		Env      map[string]string `json:"env"`
	}
	readJSON(t, filepath.Join(dir, "meta.json"), &meta)
	injector, err := caseInjector(dir, meta.Env)
	if err != nil {
		if meta.ExitCode != 0 {
			return ""
		}
		return "error: " + err.Error()
	}
	result := injector.Stream("input.yaml", []byte(readText(t, filepath.Join(dir, "input.yaml"))))
	failures := result.Failures()
	if except != "" {
		meta.ExitCode = 0
	}
	if meta.ExitCode == 0 && len(failures) > 0 {
		return "error: " + failures[0].String()
	}
	if meta.ExitCode != 0 && len(failures) == 0 {
		return fmt.Sprintf("no error; the peer exits with %d", meta.ExitCode)
	}
	file := "expected.yaml"
	if meta.ExitCode != 0 {
		file = "expected.partial.yaml"
	}
	if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
		return ""
	}
	want := documents(t, []byte(readText(t, filepath.Join(dir, file))))
	got := documents(t, result.YAML)
	if meta.ExitCode != 0 && len(got) > len(want) {
		got = got[:len(want)] // the peer stops at the first error
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d documents; the peer has %d", len(got), len(want))
	}
	for i := range want {
		object, _ := got[i].(map[string]any)
		if except != "" && object["kind"] == except {
			continue
		}
		if isWorkload(object) && !hasStatus(object) {
			want[i], got[i] = withoutEmpty(want[i]), withoutEmpty(got[i])
		}
		if diff := cmp.Diff(want[i], got[i]); diff != "" {
			return fmt.Sprintf("document %d differs (-peer +meshctl):\n%s", i+1, diff)
		}
	}
	return ""
}

func isWorkload(object map[string]any) bool {
	spec, _ := object["spec"].(map[string]any)
	return spec["template"] != nil || spec["containers"] != nil
}

// hasStatus says whether an object has been injected.
func hasStatus(object any) bool {
	text, err := yaml.Marshal(object)
	return err == nil && strings.Contains(string(text), "sidecar.istio.io/status")
}

// withoutEmpty drops the zero values that Go types write or leave out, and
// writes quantities in their canonical form, as Go types do.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if quantities, ok := value.(map[string]any); ok && (key == "limits" || key == "requests") {
				canonical(quantities)
			}
			if value = withoutEmpty(value); value == nil {
				delete(v, key)
			} else {
				v[key] = value
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = withoutEmpty(v[i])
		}
	case float64:
		if v == 0 {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

func canonical(quantities map[string]any) {
	for name, text := range quantities {
		if q, err := apiresource.ParseQuantity(fmt.Sprint(text)); err == nil {
			quantities[name] = q.String()
		}
	}
}

func caseInjector(dir string, env map[string]string) (*inject.Injector, error) {
	text, err := os.ReadFile(filepath.Join(dir, "args"))
	if err != nil {
		return nil, err
	}
	flags := map[string]string{}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		flags[lines[i]] = lines[i+1]
	}
	read := func(flag string) []byte {
		data, readErr := os.ReadFile(filepath.Join(dir, flags[flag]))
		if readErr != nil && err == nil {
			err = readErr
		}
		return data
	}
	config, mesh, values := read("--injectConfigFile"), read("--meshConfigFile"), read("--valuesFile")
	if err != nil {
		return nil, err
	}
	o := inject.Options{Explicit: true, Revision: flags["-r"], NativeSidecars: env["ENABLE_NATIVE_SIDECARS"] == "true"}
	if file := flags["--operatorFileName"]; file != "" {
		if values, mesh, err = operatorFile(filepath.Join(dir, file)); err != nil {
			return nil, err
		}
	}
	if o.Config, err = inject.ParseConfig(config); err != nil {
		return nil, err
	}
	if o.Values, err = inject.ParseValues(values); err != nil {
		return nil, err
	}
	if o.Mesh, err = istio.ParseMeshConfig(mesh); err != nil {
		return nil, err
	}
	return inject.New(o)
}

// operatorFile gives values and mesh config of an IstioOperator file with the
// charts' defaults.
func operatorFile(name string) (values, mesh []byte, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	config, err := install.Resolve(install.Input{Release: install.DefaultRelease(), Files: []install.File{{Name: name, Data: text}}})
	if err != nil {
		return nil, nil, err
	}
	meshMap, injectorMap, err := install.RenderInjection(context.Background(), config)
	if err != nil {
		return nil, nil, err
	}
	data := func(configMap map[string]any, key string) []byte {
		all, _ := configMap["data"].(map[string]any)
		text, _ := all[key].(string)
		return []byte(text)
	}
	return data(injectorMap, "values"), data(meshMap, "mesh"), nil
}

// documents are the parsed documents of a stream that are not empty. JSON in
// strings is parsed, too: its white space and the order of keys mean nothing.
func documents(t *testing.T, stream []byte) []any {
	t.Helper()
	var docs []any
	for _, d := range resource.SplitDocuments(stream) {
		var doc any
		if err := yaml.Unmarshal(d.Body, &doc); err != nil {
			t.Fatalf("document at line %d: %v", d.Line, err)
		}
		if doc != nil {
			docs = append(docs, parseInside(doc))
		}
	}
	return docs
}

func parseInside(v any) any {
	switch v := v.(type) {
	case map[string]any:
		name, _ := v["name"].(string)
		for key, value := range v {
			text, isText := value.(string)
			switch {
			case isText && key == "value" && isJSONEnv(name),
				isText && (key == "sidecar.istio.io/status" || key == "proxy.istio.io/overrides"):
				var parsed any
				if json.Unmarshal([]byte(text), &parsed) == nil {
					v[key] = parsed
				}
			default:
				v[key] = parseInside(value)
			}
		}
	case []any:
		for i := range v {
			v[i] = parseInside(v[i])
		}
	}
	return v
}

func isJSONEnv(name string) bool {
	switch name {
	case "ISTIO_META_POD_PORTS", "PROXY_CONFIG", "ISTIO_KUBE_APP_PROBERS":
		return true
	}
	return false
}
