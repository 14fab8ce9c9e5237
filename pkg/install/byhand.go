package install

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// withFieldsByHand adds to the fields of a rendered object those that somebody
// else has set in the cluster, with the values that they have there: an
// annotation by `kubectl edit`, a field by another tool. Who set what is in the
// managed fields (https://kubernetes.io/docs/reference/using-api/server-side-apply).
func withFieldsByHand(rendered, live map[string]any) (map[string]any, error) {
	out := clone(rendered)
	// Without an installer's apply the first writer holds all defaults too, and
	// nothing tells them from what was meant.
	applied := false
	var sets []*fieldpath.Set
	for _, m := range lookupMaps(live, "metadata", "managedFields") {
		applied = applied || m["operation"] == "Apply"
		manager := lookupString(m, "manager")
		if manager == FieldManager || m["subresource"] != nil || isController(manager) {
			continue
		}
		data, err := json.Marshal(m["fieldsV1"])
		if err != nil {
			return nil, err
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("reading the fields that %s manages: %w", manager, err)
		}
		sets = append(sets, set.Leaves())
	}
	if !applied {
		return out, nil
	}
	for _, set := range sets {
		set.Iterate(func(p fieldpath.Path) {
			if !ownershipField(p) {
				widen(out, live, p)
			}
		})
	}
	return out, nil
}

// isController tells the parts of Kubernetes and the mesh that write into the
// objects of an installation by themselves.
func isController(manager string) bool {
	return manager == "pilot-discovery" || manager == "kube-apiserver" || strings.HasSuffix(manager, "controller-manager")
}

// ownershipField tells labels by which installers know their own.
func ownershipField(p fieldpath.Path) bool {
	if len(p) < 3 || p[0].FieldName == nil || *p[0].FieldName != "metadata" || p[2].FieldName == nil {
		return false
	}
	key := *p[2].FieldName
	for _, owner := range []string{"operator.istio.io/", "install.operator.istio.io/", "meta.helm.sh/", "app.kubernetes.io/", "istio.io/rev"} {
		if strings.HasPrefix(key, owner) {
			return true
		}
	}
	return false
}

// widen gives a pattern the field at a path of the live object, unless it has
// one. What a list has more than the pattern is compared anyway.
func widen(pattern, live any, path fieldpath.Path) any {
	if len(path) == 0 || pattern == nil && path[0].FieldName == nil {
		if pattern == nil {
			return live
		}
		return pattern
	}
	if name := path[0].FieldName; name != nil {
		from, ok := live.(map[string]any)
		to, isMap := pattern.(map[string]any)
		if !ok || from[*name] == nil || !isMap && pattern != nil {
			return pattern
		}
		if to == nil {
			to = map[string]any{}
		}
		to[*name] = widen(to[*name], from[*name], path[1:])
		return to
	}
	from, _ := live.([]any)
	to, _ := pattern.([]any)
	for i := range from {
		if len(from) == len(to) && matchesKey(from[i], path[0].Key) {
			to[i] = widen(to[i], from[i], path[1:])
		}
	}
	return pattern
}

// matchesKey tells whether an element of a list has the fields that name it.
func matchesKey(element any, key *value.FieldList) bool {
	m, ok := element.(map[string]any)
	if !ok || key == nil {
		return false
	}
	for _, f := range *key {
		if !equalScalars(m[f.Name], f.Value.Unstructured()) {
			return false
		}
	}
	return true
}
