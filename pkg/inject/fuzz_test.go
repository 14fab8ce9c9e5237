package inject

import (
	"bytes"
	"strings"
	"testing"

	"istio.io/api/annotation"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
)

// FuzzStream holds that no input ends the program, that documents which are
// not injected keep their bytes and their order, and that what comes out is
// stable.
func FuzzStream(f *testing.F) {
	for _, s := range stories(f) {
		f.Add(s.input)
	}
	f.Add([]byte("apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [{}]}]\n"))
	f.Add([]byte("apiVersion: v1\r\nkind: Pod\r\nspec: {}\r\n---\r\n...\n--- # x\n\xef\xbb\xbf---\n"))
	f.Add([]byte("apiVersion: v1\nkind: ReplicationController\nspec: {}\n"))
	f.Add([]byte("apiVersion: v1\nkind: Pod\nmetadata: &a {name: x, labels: *a}\n"))
	injector := testInjector(f, Options{})
	f.Fuzz(func(t *testing.T, text []byte) {
		once := injector.Stream("f", text)
		rest := once.YAML
		for _, d := range resource.SplitDocuments(text) {
			if alone := injector.Stream("f", d.Body); anyChanged(alone) || len(alone.Failures()) > 0 {
				continue
			}
			at := bytes.Index(rest, d.Body)
			if at < 0 {
				t.Fatalf("a document that is not injected is missing or changed: %q", d.Body)
			}
			rest = rest[at+len(d.Body):]
		}
		if len(once.Failures()) > 0 {
			return
		}
		if twice := injector.Stream("f", once.YAML); !bytes.Equal(once.YAML, twice.YAML) {
			t.Fatalf("the second injection changes the first:\n%s\n---- becomes\n%s", once.YAML, twice.YAML)
		}
		Uninject("f", once.YAML)
	})
}

func anyChanged(r Result) bool {
	for _, report := range r.Reports {
		if report.Changed {
			return true
		}
	}
	return false
}

// FuzzAnnotations holds that no value of an annotation ends the program, and
// that what an annotation has made of a pod is stable and can be undone.
func FuzzAnnotations(f *testing.F) {
	names := []string{
		annotation.ProxyConfig.Name, annotation.ProxyOverrides.Name, annotation.SidecarStatus.Name, annotation.InjectTemplates.Name,
		annotation.SidecarTrafficExcludeInboundPorts.Name, annotation.SidecarTrafficIncludeOutboundIPRanges.Name,
		annotation.SidecarStatusPort.Name, annotation.SidecarUserVolume.Name, annotation.SidecarUserVolumeMount.Name,
		annotation.SidecarProxyImage.Name, annotation.SidecarLogLevel.Name, annotation.SidecarInterceptionMode.Name,
		annotation.SidecarBootstrapOverride.Name, "prometheus.io/port", "prometheus.istio.io/scrape-targets", networksAnnotation,
	}
	for i, value := range []string{"{concurrency: 1}", `{"containers":[{"name":"app"}]}`, `{"containers":["app"]}`, "sidecar", "1,2", "*", "0", "{}", "[]", "true", "a\nb", "\"", "NONE", "x: y", "80", "80:/a,81", "[{}]"} {
		f.Add(uint8(i), value, uint8(i+5), value)
	}
	injector := testInjector(f, Options{})
	f.Fuzz(func(t *testing.T, first uint8, a string, second uint8, b string) {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app"}}}}
		pod.APIVersion, pod.Kind, pod.Name = "v1", "Pod", "p"
		pod.Annotations = map[string]string{names[int(first)%len(names)]: a, names[int(second)%len(names)]: b}
		text, err := yaml.Marshal(pod)
		if err != nil {
			return
		}
		once := injector.Stream("f", text)
		if len(once.Failures()) > 0 {
			return
		}
		if problems := parseProblems(once.YAML); problems != "" {
			t.Fatalf("the output cannot be read: %s\n%s", problems, once.YAML)
		}
		twice := injector.Stream("f", once.YAML)
		if pod.Annotations[annotation.SidecarStatus.Name] == "" && pod.Annotations[annotation.ProxyOverrides.Name] == "" && !bytes.Equal(once.YAML, twice.YAML) {
			t.Fatalf("the second injection changes the first:\n%s\n---- becomes\n%s", once.YAML, twice.YAML)
		}
		Uninject("f", once.YAML)
	})
}

func parseProblems(text []byte) string {
	_, problems := resource.Parse("f", text)
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.Error())
	}
	return b.String()
}

// FuzzText holds that every string comes out of the YAML that is written.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "yes", "1", "1.5", "0x1", "1e3", "a: b", "a #b", "- a", "a\nb\n", "a\n\nb", "\n", " a", "a ", "a:", "é", "\u2028", "\x00", "'", "\"", "{}", "12:30", "1_0", "~", "null", "<<", "=", "|", "\x7f\u0085\ufeff\uffff", "a\n b\n", "a\r\nb", "\ta", "2024-01-01"} {
		f.Add(s, s)
	}
	f.Add(strings.Repeat("a\xe4", 500), "long key")
	f.Fuzz(func(t *testing.T, key, value string) {
		want := map[string]any{"k" + key: value, "list": []any{value, map[string]any{"m": value}}}
		text, err := encodeYAML(nil, want, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := libraryPart(string(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if list, _ := got["list"].([]any); len(list) != 2 || list[0] != replaced(value) {
			t.Fatalf("%q became %q in %q", value, list, text)
		}
	})
}

// replaced is a string in which each byte that is no UTF-8 is a replacement
// character.
func replaced(s string) string {
	return string([]rune(s))
}
