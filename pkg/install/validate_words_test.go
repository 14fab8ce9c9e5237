package install

import (
	"strings"
	"testing"
)

// Words and numbers that the charts pass on to somebody who refuses them.
func TestWordsOfHelmValues(t *testing.T) {
	for setting, want := range map[string]string{
		"values.global.imagePullPolicy=Sometimes":              `spec.values.global.imagePullPolicy: "Sometimes" is not a known value; valid values are Always, IfNotPresent, Never`,
		"values.global.imagePullPolicy=Always":                 "",
		"values.global.proxy.logLevel=loud":                    "valid values are trace, debug",
		"values.global.proxy.logLevel=warning":                 "",
		"values.gateways.istio-ingressgateway.type=Foo":        `"Foo" is not a known value; valid values are ClusterIP`,
		"values.gateways.istio-ingressgateway.type=NodePort":   "",
		"components.pilot.k8s.imagePullPolicy=always":          `spec.components.pilot.k8s.imagePullPolicy: "always"`,
		"values.pilot.traceSampling=200":                       "200 is not a share of all requests",
		"values.pilot.traceSampling=0.01":                      "",
		"meshConfig.defaultConfig.tracing.sampling=-1":         "-1 is not a share of all requests",
		"values.global.network=a/b":                            `"a/b" cannot be the name of a network`,
		"values.global.network=network-1":                      "",
		"components.ingressGateways[0].k8s.service.type=Bogus": `spec.components.ingressGateways[0].k8s.service.type: "Bogus"`,
	} {
		_, err := resolveYAML(t, "", "components.ingressGateways[0].name=edge", setting)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: a false alarm: %v", setting, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v\nwant %s", setting, err, want)
		}
	}
}

func TestLevelsOfComponentsAreWarnedOf(t *testing.T) {
	for level, warned := range map[string]bool{"misc:error": false, "misc:error,upstream:debug": false, "misc:loud": true, "misc": true} {
		config, err := resolveYAML(t, "", strings.ReplaceAll("values.global.proxy.componentLogLevel="+level, ",", `\,`))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(config.Warnings, "\n"), "proxies would not start"); got != warned {
			t.Errorf("%s: warned = %v: %v", level, got, config.Warnings)
		}
	}
}
