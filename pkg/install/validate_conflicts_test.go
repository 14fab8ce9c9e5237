package install

import (
	"strings"
	"testing"
)

func TestConflictingSettingsAreNamedWithTheirPlaces(t *testing.T) {
	const head = "kind: IstioOperator\n"
	tests := []struct {
		name, yaml, set string
		want            string // in the error; "" for none
	}{
		{"a flag against a Helm value", head + "spec:\n  values:\n    global: {hub: b.example}\n", "hub=a.example",
			`--set hub=a.example: spec.hub: "a.example" contradicts spec.values.global.hub, which is "b.example" (iop.yaml:4)`},
		{"the same in both places", head + "spec:\n  tag: 1.31.1\n  values:\n    global: {tag: 1.31.1}\n", "", ""},
		{"a Helm value alone", head + "spec:\n  values:\n    global: {hub: b.example}\n", "", ""},
		{"two revisions", head + "spec:\n  revision: a\n  values:\n    revision: b\n", "", "iop.yaml:3: spec.revision"},
		{"mesh configuration twice", head + "spec:\n  meshConfig:\n    defaultConfig:\n      concurrency: 1\n  values:\n    meshConfig:\n      defaultConfig: {concurrency: 2}\n", "",
			"iop.yaml:5: spec.meshConfig.defaultConfig.concurrency: 1 contradicts spec.values.meshConfig.defaultConfig.concurrency, which is 2 (iop.yaml:8)"},
		{"mesh configuration in two parts", head + "spec:\n  meshConfig: {accessLogFile: /a}\n  values:\n    meshConfig: {trustDomain: b}\n", "", ""},
		{"two namespaces", head + "metadata:\n  namespace: a\nspec:\n  values:\n    global:\n      istioNamespace: b\n", "", "iop.yaml:3: metadata.namespace"},
		{"a platform that there is not", head + "spec: {profile: minimal}\n", "values.global.platform=gek", "there are gke, k3d"},
		{"a compatibility version that there is not", head + "spec:\n  compatibilityVersion: \"1.2\"\n", "", "iop.yaml:3: spec.compatibilityVersion"},
		{"two gateways of one name", head + "spec:\n  components:\n    ingressGateways:\n    - name: a\n    egressGateways:\n    - {name: a, enabled: true}\n", "",
			"iop.yaml:7: spec.components.egressGateways[0].name"},
		{"one name in two namespaces", head + "spec:\n  components:\n    ingressGateways:\n    - {name: a, namespace: first}\n    - {name: a, namespace: second}\n", "", ""},
		{"one of the two is off", head + "spec:\n  components:\n    ingressGateways:\n    - {name: a}\n    - {name: a, enabled: false}\n", "", ""},
		{"a gateway without a name", "", "components.egressGateways[0].enabled=true", "components.egressGateways[0]: a gateway needs a name"},
		{"a tag like its revision", "", "revision=a|values.revisionTags[0]=a", "the tag \"a\" has the name of the revision"},
		{"a tag given twice", "", "values.revisionTags[0]=a|values.revisionTags[1]=a", "is given twice"},
		{"two providers of one name", head + "spec:\n  meshConfig:\n    extensionProviders:\n    - {name: otel, opentelemetry: {service: a, port: 1}}\n    - {name: otel, opentelemetry: {service: b, port: 1}}\n", "",
			`iop.yaml:6: spec.meshConfig.extensionProviders[1].name: there is an extension provider "otel" already (iop.yaml:5)`},
		{"least above greatest", "", "values.pilot.autoscaleMin=9", "the least number of replicas, 9, is above the greatest, 5"},
		{"least above greatest in hpaSpec", head + "spec:\n  components:\n    pilot:\n      k8s:\n        hpaSpec: {minReplicas: 3, maxReplicas: 2}\n", "", "iop.yaml:6: spec.components.pilot.k8s.hpaSpec.minReplicas"},
		{"a budget of both kinds", head + "spec:\n  components:\n    pilot:\n      k8s:\n        podDisruptionBudget: {minAvailable: 1, maxUnavailable: 1}\n", "", "takes either"},
		{"the proxy's request above its limit", "", "values.global.proxy.resources.requests.memory=2Gi", "the request 2Gi is above the limit 1Gi"},
		{"a request above the limit in k8s", head + "spec:\n  components:\n    ingressGateways:\n    - name: a\n      k8s:\n        resources:\n          requests: {cpu: 2}\n          limits: {cpu: 500m}\n", "",
			"iop.yaml:8: spec.components.ingressGateways[0].k8s.resources.requests.cpu: the request 2 is above the limit 500m (iop.yaml:9)"},
		{"a gateway's request above the limit of its chart", head + "spec:\n  components:\n    ingressGateways:\n    - name: a\n      k8s:\n        resources:\n          requests: {memory: 2Gi}\n", "", "the request 2Gi is above the limit 1Gi"},
		{"a request and its limit are raised", "", "values.global.proxy.resources.requests.memory=2Gi|values.global.proxy.resources.limits.memory=2Gi", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var settings []string
			if test.set != "" {
				settings = strings.Split(test.set, "|")
			}
			_, err := resolveYAML(t, test.yaml, settings...)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("a false alarm: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestHalfMeshesAreWarnedOf(t *testing.T) {
	tests := map[string]string{
		"profile=ambient": "",
		"profile=default": "",
		"profile=ambient|components.cni.enabled=false":                                     "components.cni is off",
		"profile=ambient|components.ztunnel.enabled=false|values.cni.ambient.enabled=true": "components.ztunnel is off",
		"tag=1.9.0":             "the images are of version 1.9.0, the charts of",
		"tag=latest":            "",
		"tag=1.31.0-distroless": "",
	}
	for settings, want := range tests {
		config, err := resolveYAML(t, "", strings.Split(settings, "|")...)
		if err != nil {
			t.Fatal(err)
		}
		warnings := strings.Join(config.Warnings, "\n")
		if want == "" && warnings != "" || !strings.Contains(warnings, want) {
			t.Errorf("%s: warnings %q, want %q", settings, warnings, want)
		}
	}
}

// No profile is in conflict with itself.
func TestProfilesHaveNoConflicts(t *testing.T) {
	names, err := Profiles(EmbeddedCharts())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if config, err := Resolve(Input{Profile: name}); err != nil || len(config.Warnings) > 0 {
			t.Errorf("%s: %v, %v", name, err, config)
		}
	}
}
