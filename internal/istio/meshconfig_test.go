package istio

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseMeshConfigMergesOverDefaults(t *testing.T) {
	mesh, err := ParseMeshConfig([]byte(`
enableTracing: false
trustDomainAliases: [old.example]
extensionProviders:
- name: envoy
  envoyFileAccessLog: {path: /tmp/log}
- name: mine
  prometheus: {}
defaultProviders:
  metrics: [prometheus]
defaultConfig:
  drainDuration: 7s
  proxyMetadata: {A: "1"}
  aFieldOfTheFuture: 1
`))
	if err != nil {
		t.Fatal(err)
	}
	if mesh.EnableTracing {
		t.Error("an explicit false must win over the default true")
	}
	if got := mesh.DefaultConfig.DrainDuration.AsDuration(); got != 7*time.Second {
		t.Errorf("drainDuration = %v, want 7s", got)
	}
	if got := mesh.DefaultConfig.StatusPort; got != 15020 {
		t.Errorf("statusPort = %d, want the default 15020", got)
	}
	var names []string
	for _, p := range mesh.ExtensionProviders {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"prometheus", "stackdriver", "envoy", "mine"}, names); diff != "" {
		t.Errorf("extension providers (-want +got):\n%s", diff)
	}
	if got := mesh.ExtensionProviders[2].GetEnvoyFileAccessLog().GetPath(); got != "/tmp/log" {
		t.Errorf("provider envoy writes to %q, want /tmp/log", got)
	}
	if diff := cmp.Diff([]string{"prometheus"}, mesh.DefaultProviders.Metrics); diff != "" {
		t.Errorf("default metrics providers (-want +got):\n%s", diff)
	}
}

func TestMergeProxyConfigKeepsTheBase(t *testing.T) {
	base := DefaultProxyConfig()
	base.ProxyMetadata = map[string]string{"A": "1", "B": "1"}
	merged, err := MergeProxyConfig(base, []byte("proxyMetadata: {B: \"2\", C: \"2\"}\nconcurrency: 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"A": "1", "B": "2", "C": "2"}, merged.ProxyMetadata); diff != "" {
		t.Errorf("proxyMetadata (-want +got):\n%s", diff)
	}
	if merged.Concurrency == nil {
		t.Error("concurrency: 0 is a setting (all cores), not an absent field")
	}
	if len(base.ProxyMetadata) != 2 || base.ProxyMetadata["B"] != "1" {
		t.Errorf("the base was changed: %v", base.ProxyMetadata)
	}
}

func TestMergeProxyConfigNamesTheBadField(t *testing.T) {
	_, err := MergeProxyConfig(DefaultProxyConfig(), []byte("{concurrency: many, statusPort: 1}"))
	if err == nil || !strings.HasPrefix(err.Error(), "concurrency: invalid value") {
		t.Fatalf("a word where a number is expected: got %v", err)
	}
	if _, err := MergeProxyConfig(DefaultProxyConfig(), []byte("[a, b]")); err == nil {
		t.Fatal("a list where fields are expected must be an error")
	}
}
