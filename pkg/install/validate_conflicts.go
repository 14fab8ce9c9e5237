package install

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Conflicts are settings that are each allowed, but cannot all be meant: the
// installation would go on with one of them, or be refused by the API server.

// checkConflicts looks at what the user said, and at what the whole comes to.
func (v *validator) checkConflicts(user, merged Values, charts Charts) {
	v.checkSaidTwice(user)
	v.checkKnownFiles(merged, charts)
	v.checkGatewayNames(merged)
	v.checkTags(merged)
	v.checkProviders(merged)
	if mentions(user, "resources", "autoscaleMin", "autoscaleMax", "hpaSpec", "podDisruptionBudget") {
		sizes := sizesOf(merged, charts)
		v.checkReplicas(sizes)
		v.checkResources(sizes)
	}
	v.checkAmbient(merged)
	v.checkVersions(merged, charts)
}

// conflict reports a field together with the other one that contradicts it.
func (v *validator) conflict(keys, other []string, message, hint string) {
	v.report(keys, message, hint)
	v.problems[len(v.problems)-1].against = slices.Clone(other)
}

// checkSaidTwice finds settings that the operator document knows under two
// names, if the user has given both and not the same value. The peer takes the
// Helm value then, also against a flag such as --hub.
func (v *validator) checkSaidTwice(user Values) {
	for _, pair := range [][2]string{
		{"spec.hub", "spec.values.global.hub"},
		{"spec.tag", "spec.values.global.tag"},
		{"spec.revision", "spec.values.revision"},
		{"spec.compatibilityVersion", "spec.values.compatibilityVersion"},
		{"metadata.namespace", "spec.values.global.istioNamespace"},
	} {
		a, b := strings.Split(pair[0], "."), strings.Split(pair[1], ".")
		v.compareTwice(a, b, user)
	}
	v.compareMaps([]string{"spec", "meshConfig"}, []string{"spec", "values", "meshConfig"}, user)
	if ns := lookupString(user, "spec", "namespace"); ns != "" {
		v.warnings = append(v.warnings, "spec.namespace has no effect on where the mesh goes; set values.global.istioNamespace")
	}
}

func (v *validator) compareTwice(keys, other []string, user Values) {
	a, hasA := lookup(user, keys...)
	b, hasB := lookup(user, other...)
	if !hasA || !hasB || a == nil || b == nil || fmt.Sprint(a) == fmt.Sprint(b) {
		return
	}
	v.conflict(keys, other, fmt.Sprintf("%s contradicts %s, which is %s", quoted(a), joinPath(other), quoted(b)), "they are the same setting: give it once")
}

// compareMaps compares the leaves that two mappings share.
func (v *validator) compareMaps(keys, other []string, user Values) {
	a, b := lookupMap(user, keys...), lookupMap(user, other...)
	for _, key := range sortedKeys(a) {
		if _, shared := b[key]; !shared {
			continue
		}
		at, against := append(slices.Clone(keys), key), append(slices.Clone(other), key)
		if lookupMap(a, key) != nil && lookupMap(b, key) != nil {
			v.compareMaps(at, against, user)
			continue
		}
		v.compareTwice(at, against, user)
	}
}

// checkKnownFiles checks names that charts look up among their files.
func (v *validator) checkKnownFiles(merged Values, charts Charts) {
	if charts.fetch != nil {
		return // not read yet
	}
	for _, setting := range []struct{ path, prefix, what string }{
		{"spec.values.global.platform", "profile-platform-", "platform"},
		{"spec.compatibilityVersion", "profile-compatibility-version-", "compatibility version"},
		{"spec.values.compatibilityVersion", "profile-compatibility-version-", "compatibility version"},
	} {
		keys := strings.Split(setting.path, ".")
		value, _ := lookup(merged, keys...)
		known := chartFiles(charts.profiles(), setting.prefix)
		if value == nil || value == "" || len(known) == 0 || slices.Contains(known, fmt.Sprint(value)) {
			continue
		}
		v.report(keys, fmt.Sprintf("there is no %s %s in these charts", setting.what, quoted(value)), "there are "+strings.Join(known, ", "))
	}
}

func chartFiles(charts fs.FS, prefix string) []string {
	entries, err := fs.ReadDir(charts, "charts/istio-control/istio-discovery/files")
	if err != nil {
		return nil // the charts are said to be broken when they are rendered
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutPrefix(entry.Name(), prefix); ok {
			names = append(names, strings.TrimSuffix(name, ".yaml"))
		}
	}
	return names
}

// checkGatewayNames finds gateways that would be the same object, or none.
func (v *validator) checkGatewayNames(merged Values) {
	type place struct{ namespace, name string }
	first := map[place][]string{}
	for _, comp := range components() {
		if !comp.gateway() {
			continue
		}
		for n, gateway := range lookupMaps(merged, "spec", "components", comp.key) {
			if enabled, ok := gateway["enabled"].(bool); ok && !enabled {
				continue
			}
			keys := []string{"spec", "components", comp.key, "[" + strconv.Itoa(n) + "]"}
			at := place{lookupString(gateway, "namespace"), lookupString(gateway, "name")}
			if at.namespace == "" {
				at.namespace = lookupString(merged, "metadata", "namespace")
			}
			if at.name == "" {
				v.report(keys, "a gateway needs a name", "a list that you give replaces the profile's as a whole, names included: set its name too")
				continue
			}
			if other, taken := first[at]; taken {
				v.conflict(append(keys, "name"), append(other, "name"),
					fmt.Sprintf("%q is the name of %s already", at.name, joinPath(other)), "give each gateway of a namespace its own name")
			}
			first[at] = keys
		}
	}
}

// checkTags finds tags that no other object could be told apart from.
func (v *validator) checkTags(merged Values) {
	keys := []string{"spec", "values", "revisionTags"}
	found, _ := lookup(merged, keys...)
	tags, _ := found.([]any)
	revision := lookupString(merged, "spec", "revision")
	if revision == "" {
		revision = lookupString(merged, "spec", "values", "revision")
	}
	for n, tag := range tags {
		at := append(slices.Clone(keys), "["+strconv.Itoa(n)+"]")
		switch {
		case tag == revision && revision != "":
			v.report(at, fmt.Sprintf("the tag %q has the name of the revision: pods would be injected twice", tag), "give the tag a name of its own")
		case slices.Index(tags, tag) < n:
			v.report(at, fmt.Sprintf("the tag %q is given twice", tag), "")
		}
	}
}

// checkProviders finds extension providers of one name: istiod refuses the whole
// mesh configuration then (pkg/config/validation/agent of Istio 1.31).
func (v *validator) checkProviders(merged Values) {
	for _, keys := range [][]string{{"spec", "meshConfig", "extensionProviders"}, {"spec", "values", "meshConfig", "extensionProviders"}} {
		first := map[string][]string{}
		for n, provider := range lookupMaps(merged, keys...) {
			name := lookupString(provider, "name")
			at := append(slices.Clone(keys), "["+strconv.Itoa(n)+"]", "name")
			if other, taken := first[name]; taken && name != "" {
				v.conflict(at, other, fmt.Sprintf("there is an extension provider %q already", name), "istiod refuses the mesh configuration: give each a name of its own")
				continue
			}
			first[name] = at
		}
	}
}

// checkAmbient warns of half an ambient mesh. The other half may be there
// already, by another installation.
func (v *validator) checkAmbient(merged Values) {
	enabled := func(key string) bool { return lookupBool(merged, "spec", "components", key, "enabled") }
	switch {
	case enabled("ztunnel") && !enabled("cni"):
		v.warnings = append(v.warnings, "components.ztunnel is on and components.cni is off: without the CNI plugin no traffic reaches ztunnel, unless it is installed already")
	case !enabled("ztunnel") && enabled("cni") && lookupBool(merged, "spec", "values", "cni", "ambient", "enabled"):
		v.warnings = append(v.warnings, "values.cni.ambient.enabled is on and components.ztunnel is off: pods of ambient namespaces lose their network, unless ztunnel is installed already")
	}
}

// checkVersions warns of images that the embedded charts were not made for, as
// a state saved years ago asks for.
func (v *validator) checkVersions(merged Values, charts Charts) {
	tag, _ := lookup(merged, "spec", "values", "global", "tag")
	if tag == nil {
		tag, _ = lookup(merged, "spec", "tag")
	}
	wanted, err := ParseMinor(versionOnly(fmt.Sprint(tag)))
	if own, ownErr := ParseMinor(DefaultRelease().Tag); err == nil && ownErr == nil && charts.trusted() && wanted != own {
		v.warnings = append(v.warnings, fmt.Sprintf("the images are of version %v, the charts of %s: leave the tag out, or give the charts of that version by --manifests", tag, DefaultRelease().Tag))
	}
}
