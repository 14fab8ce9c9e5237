package addons

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write golden files anew")

// everything is all addons, with volumes.
func everything() Options {
	return Options{
		Addons: Names(), Namespace: "monitoring",
		Volumes:  map[string]Volume{"prometheus": {Size: "10Gi"}, "grafana": {Size: "1Gi"}, "jaeger": {Size: "5Gi", Class: "slow"}},
		Password: "s3cret", PasswordSet: "2026-11-21T12:00:00Z",
	}
}

func render(t *testing.T, o Options) []Object {
	t.Helper()
	objects, err := Render(o)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// find is an object by kind and name, nil if it is not there.
func find(objects []Object, kind, name string) map[string]any {
	for _, o := range objects {
		metadata := o.Content["metadata"].(map[string]any)
		if o.Content["kind"] == kind && metadata["name"] == name {
			return o.Content
		}
	}
	return nil
}

// at reads a value deep inside an object.
func at(content any, path ...string) any {
	for _, key := range path {
		m, _ := content.(map[string]any)
		content = m[key]
	}
	return content
}

func TestKialiAsItIsApplied(t *testing.T) {
	var text strings.Builder
	for _, o := range render(t, everything()) {
		if o.Addon != "kiali" {
			continue
		}
		data, err := yaml.Marshal(o.Content)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n" + string(data))
	}
	const golden = "testdata/kiali.golden.yaml"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Error(diff)
	}
}

// Each addon knows of the others that are there, and only of those.
func TestAddonsAreWiredToEachOther(t *testing.T) {
	type service struct {
		Enabled     bool   `json:"enabled"`
		URL         string `json:"url"`
		InternalURL string `json:"internal_url"`
	}
	type kialiConfig struct {
		Services struct{ Prometheus, Grafana, Tracing service } `json:"external_services"`
	}
	tests := map[string]struct {
		addons  []string
		kiali   kialiConfig
		sources []string
	}{
		"all": {Names(), kialiConfig{struct{ Prometheus, Grafana, Tracing service }{
			service{true, "http://prometheus.monitoring:9090", ""},
			service{true, "", "http://grafana.monitoring:3000"},
			service{true, "", "http://tracing.monitoring:80"},
		}}, []string{"http://prometheus.monitoring:9090", "http://tracing.monitoring:80"}},
		"two": {[]string{"kiali", "prometheus"}, kialiConfig{struct{ Prometheus, Grafana, Tracing service }{
			Prometheus: service{true, "http://prometheus.monitoring:9090", ""},
		}}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := everything()
			o.Addons = tt.addons
			objects := render(t, o)
			var kiali kialiConfig
			if err := yaml.Unmarshal([]byte(at(find(objects, "ConfigMap", "kiali"), "data", "config.yaml").(string)), &kiali); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.kiali, kiali); diff != "" {
				t.Error(diff)
			}
			for _, s := range append(tt.sources, kiali.Services.Prometheus.URL) {
				host, _, _ := strings.Cut(strings.TrimPrefix(s, "http://"), ".")
				if find(objects, "Service", host) == nil {
					t.Errorf("%s leads to no Service", s)
				}
			}
			var sources struct {
				Datasources []struct{ URL string }
			}
			text, _ := at(find(objects, "ConfigMap", "grafana"), "data", "datasources.yaml").(string)
			if err := yaml.Unmarshal([]byte(text), &sources); err != nil {
				t.Fatal(err)
			}
			var urls []string
			for _, s := range sources.Datasources {
				urls = append(urls, s.URL)
			}
			if diff := cmp.Diff(tt.sources, urls); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStorageIsAVolumeWhereItIsAskedFor(t *testing.T) {
	args := func(objects []Object) string {
		containers := at(find(objects, "Deployment", "prometheus"), "spec", "template", "spec", "containers").([]any)
		return strings.Join(texts(at(containers[0], "args")), " ")
	}
	with := render(t, everything())
	if got := at(find(with, "PersistentVolumeClaim", "prometheus-data"), "spec", "resources", "requests", "storage"); got != "10Gi" {
		t.Errorf("the claim is for %v", got)
	}
	if got := at(find(with, "PersistentVolumeClaim", "jaeger-data"), "spec", "storageClassName"); got != "slow" {
		t.Errorf("the class is %v", got)
	}
	if got := args(with); !strings.Contains(got, "--storage.tsdb.retention.size=8192MB") || !strings.Contains(got, "time=15d") {
		t.Errorf("arguments %s", got)
	}
	o := everything()
	o.Volumes = nil
	without := render(t, o)
	for _, object := range without {
		if object.Content["kind"] == "PersistentVolumeClaim" {
			t.Errorf("a volume that nobody has asked for: %v", object.Content)
		}
	}
	if got := args(without); !strings.Contains(got, "--storage.tsdb.retention.size=1600MB") || !strings.Contains(got, "time=1d") {
		t.Errorf("arguments %s", got)
	}
}

func texts(list any) []string {
	var all []string
	for _, e := range list.([]any) {
		all = append(all, e.(string))
	}
	return all
}

func TestPodsAreReplacedWhenWhatTheyReadChanges(t *testing.T) {
	annotations := func(o Options) map[string]any {
		return at(find(render(t, o), "Deployment", "grafana"), "spec", "template", "metadata", "annotations").(map[string]any)
	}
	before := annotations(everything())
	o := everything()
	o.Addons = []string{"grafana", "prometheus"} // no source for traces
	if after := annotations(o); after["addons.meshctl.io/config"] == before["addons.meshctl.io/config"] {
		t.Error("another data source, the same pod")
	}
	o = everything()
	o.PasswordSet = "later"
	if cmp.Equal(before, annotations(o)) {
		t.Error("another password, the same pod")
	}
	if !cmp.Equal(before, annotations(everything())) {
		t.Error("the same options give another pod")
	}
}

// The password is in the Secret and nowhere else.
func TestThePasswordIsInTheSecretOnly(t *testing.T) {
	o := everything()
	o.Password = "correct horse battery"
	for _, object := range render(t, o) {
		data, err := yaml.Marshal(object.Content)
		if err != nil {
			t.Fatal(err)
		}
		if object.Content["kind"] != "Secret" && (strings.Contains(string(data), o.Password) || strings.Contains(string(data), base64Text(o.Password))) {
			t.Errorf("it is in %s", data)
		}
	}
	o.Password = ""
	if find(render(t, o), "Secret", Secret) != nil {
		t.Error("a Secret without a password")
	}
}

func TestPasswords(t *testing.T) {
	a, err := NewPassword(strings.NewReader(strings.Repeat("abcdef", 10)))
	if err != nil || len(a) != 24 {
		t.Errorf("got %q, %v", a, err)
	}
	if _, err := NewPassword(strings.NewReader("short")); err == nil {
		t.Error("a password without enough randomness")
	}
	for text, want := range map[string]string{"a\n": "a", "a b\r\n": "a b", "": "empty", "\n": "empty", "a\nb": "several lines"} {
		got, err := ReadPassword(text)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestOptionsThatCannotBeRendered(t *testing.T) {
	for want, o := range map[string]Options{
		`there is no addon "zipkin"`: {Addons: []string{"zipkin"}},
		`"much" is no size`:          {Addons: []string{"jaeger"}, Volumes: map[string]Volume{"jaeger": {Size: "much"}}},
		`"1Mi" is too small`:         {Addons: []string{"jaeger"}, Volumes: map[string]Volume{"jaeger": {Size: "1Mi"}}},
		`"-5Gi" is too small`:        {Addons: []string{"jaeger"}, Volumes: map[string]Volume{"jaeger": {Size: "-5Gi"}}},
	} {
		if _, err := Render(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
