package install

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// checkWords checks Helm values that take one of a few words, or a value within
// bounds, but are plain texts and numbers in the schema. The charts pass them on
// as they are: the API server refuses the object that they end up in, or no proxy
// starts any more.
func (v *validator) checkWords(tree Values) {
	// https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
	pullPolicies := []string{"Always", "IfNotPresent", "Never"}
	// https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types
	serviceTypes := []string{"ClusterIP", "NodePort", "LoadBalancer"}
	values := []string{"spec", "values"}
	at := func(keys ...string) []string { return append(slices.Clone(values), keys...) }
	v.checkWord(tree, at("global", "imagePullPolicy"), pullPolicies)
	v.checkWord(tree, at("global", "proxy", "logLevel"), envoyLevels())
	for _, comp := range components() {
		if comp.gateway() {
			v.checkWord(tree, append(comp.rootPath(), "type"), serviceTypes)
		}
		for _, entry := range entryPaths(tree, comp) {
			v.checkWord(tree, append(entry, "k8s", "service", "type"), serviceTypes)
			v.checkWord(tree, append(entry, "k8s", "imagePullPolicy"), pullPolicies)
		}
	}
	v.checkComponentLevels(tree, at("global", "proxy", "componentLogLevel"))
	v.checkPercent(tree, at("pilot", "traceSampling"))
	v.checkPercent(tree, []string{"spec", "meshConfig", "defaultConfig", "tracing", "sampling"})
	network := at("global", "network")
	if name := lookupString(tree, network...); len(validation.IsValidLabelValue(name)) > 0 {
		v.report(network, fmt.Sprintf("%q cannot be the name of a network", name), "it is the value of a label: letters, digits, dashes, dots")
	}
}

// envoyLevels are the log levels of Envoy
// (https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-l).
func envoyLevels() []string {
	return []string{"trace", "debug", "info", "warning", "warn", "error", "critical", "off"}
}

func (v *validator) checkWord(tree Values, keys []string, words []string) {
	parent := lookupAt(tree, keys[:len(keys)-1])
	if word, _ := parent[keys[len(keys)-1]].(string); word != "" && !slices.Contains(words, word) {
		v.report(keys, fmt.Sprintf("%q is not a known value", word), "valid values are "+strings.Join(words, ", "))
	}
}

// checkComponentLevels warns of levels that Envoy does not know, as in
// upstream:loud. What components there are depends on Envoy's version.
func (v *validator) checkComponentLevels(tree Values, keys []string) {
	for _, item := range commaList(lookupString(tree, keys...)) {
		if _, level, ok := strings.Cut(item, ":"); !ok || !slices.Contains(envoyLevels(), level) {
			v.warnings = append(v.warnings, fmt.Sprintf("%s: %q is not a component and its level, as upstream:debug: proxies would not start", joinPath(keys), item))
		}
	}
}

func (v *validator) checkPercent(tree Values, keys []string) {
	value, _ := lookup(tree, keys...)
	if number, err := strconv.ParseFloat(fmt.Sprint(value), 64); err == nil && (number < 0 || number > 100) {
		v.report(keys, fmt.Sprintf("%v is not a share of all requests in percent", value), "it lies between 0 and 100")
	}
}
