package install

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// checkRelease checks what ends up in image names and object names.
func (v *validator) checkRelease(tree Values) {
	if hub := lookupString(tree, "spec", "hub"); hub != "" && !regexp.MustCompile(`^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?$`).MatchString(hub) {
		v.report([]string{"spec", "hub"}, fmt.Sprintf("%q is not the start of an image name", hub), "it looks like docker.io/istio")
	}
	if tag, _ := lookup(tree, "spec", "tag"); tag != nil && !regexp.MustCompile(`^\w[\w.-]{0,127}$`).MatchString(fmt.Sprint(tag)) {
		v.report([]string{"spec", "tag"}, fmt.Sprintf("%q is not an image tag", fmt.Sprint(tag)), "it looks like 1.31.1")
	}
	for _, keys := range [][]string{{"spec", "revision"}, {"spec", "values", "revision"}} {
		revision := lookupString(tree, keys...)
		if revision != "" && len(validation.IsDNS1123Label(revision)) > 0 {
			v.report(keys, fmt.Sprintf("%q cannot be a revision", revision),
				"use lower-case letters, digits and dashes, as in 1-31-1")
		}
	}
}

// checkNetworking checks the proxy's lists of addresses and ports.
func (v *validator) checkNetworking(tree Values) {
	proxy := []string{"spec", "values", "global", "proxy"}
	at := func(name string) []string { return append(append([]string(nil), proxy...), name) }
	for _, name := range []string{"includeIPRanges", "excludeIPRanges"} {
		for _, item := range commaList(lookupString(tree, at(name)...)) {
			if _, err := netip.ParsePrefix(item); err != nil {
				v.report(at(name), fmt.Sprintf("%q is not an address range", item), "it looks like 10.0.0.0/8; * means all")
			}
		}
	}
	for _, name := range []string{"includeInboundPorts", "excludeInboundPorts", "includeOutboundPorts", "excludeOutboundPorts"} {
		for _, item := range commaList(lookupString(tree, at(name)...)) {
			if port, err := strconv.Atoi(item); err != nil || port < 0 || port > 65535 {
				v.report(at(name), fmt.Sprintf("%q is not a port", item), "ports are 0 to 65535; * means all")
			}
		}
	}
}

// commaList splits a list; "" and "*" hold nothing to check.
func commaList(text string) []string {
	if text == "" || text == "*" {
		return nil
	}
	return strings.Split(text, ",")
}

// checkGateways checks names and ports of gateways. A pod that does not run as
// root cannot listen below 1024.
func (v *validator) checkGateways(tree Values) {
	for _, comp := range components() {
		if !comp.gateway() {
			continue
		}
		asRoot := lookupBool(tree, comp.rootPath("runAsRoot")...)
		for n, gateway := range lookupMaps(tree, "spec", "components", comp.key) {
			keys := []string{"spec", "components", comp.key, "[" + strconv.Itoa(n) + "]"}
			name := lookupString(gateway, "name")
			if name != "" && len(validation.IsDNS1123Subdomain(name)) > 0 {
				v.report(append(keys, "name"), fmt.Sprintf("%q cannot be the name of an object", name),
					"use lower-case letters, digits, dashes and dots")
			}
			if !asRoot {
				v.checkPorts(append(keys, "k8s", "service", "ports"), lookupMaps(gateway, "k8s", "service", "ports"), comp)
			}
		}
		if !asRoot {
			at := comp.rootPath("ingressPorts")
			v.checkPorts(at, lookupMaps(tree, at...), comp)
		}
	}
}

func (v *validator) checkPorts(keys []string, ports []Values, comp component) {
	for n, port := range ports {
		number, target := asInt(port["port"]), asInt(port["targetPort"])
		if _, named := port["targetPort"].(string); named {
			continue
		}
		if target == 0 && number > 1024 || target >= 1024 {
			continue
		}
		v.report(append(append([]string(nil), keys...), "["+strconv.Itoa(n)+"]"),
			fmt.Sprintf("port %d has target port %d, which only root may open", number, target),
			fmt.Sprintf("set targetPort to 1024 or above, or values.%s.runAsRoot=true", comp.root))
	}
}

func asInt(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case float64:
		return int64(v)
	}
	return 0
}

// checkScaling warns of a replica count that an autoscaler will overrule.
func (v *validator) checkScaling(tree Values) {
	for _, comp := range components() {
		if comp.kind != "Deployment" || !lookupBool(tree, comp.rootPath("autoscaleEnabled")...) {
			continue
		}
		entries, _ := lookup(tree, "spec", "components", comp.key)
		list, ok := entries.([]any)
		if !ok {
			list = []any{entries}
		}
		for _, entry := range list {
			m, _ := entry.(map[string]any)
			count, _ := lookup(m, "k8s", "replicaCount")
			if asInt(count) > 1 || comp.gateway() && asInt(count) != 0 {
				v.warnings = append(v.warnings, fmt.Sprintf(
					"components.%s has k8s.replicaCount %d, but values.%s.autoscaleEnabled is true: the autoscaler decides",
					comp.key, asInt(count), comp.root))
			}
		}
	}
}
