package install

import "reflect"

// sameCRD tells whether a CRD is in the cluster as rendered, without asking the
// server for a dry run: CRDs make up nine tenths of the bytes of an
// installation. The versions' schemas have to be equal; elsewhere the server may
// have added defaults. Only objects that this program has applied count, since
// others are yet to be taken over.
func sameCRD(rendered, live map[string]any) bool {
	if !appliedByUs(live) {
		return false
	}
	a, b := lookupMaps(rendered, "spec", "versions"), lookupMaps(live, "spec", "versions")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !reflect.DeepEqual(plainNumbers(a[i]["schema"]), plainNumbers(b[i]["schema"])) {
			return false
		}
	}
	return contains(live, rendered)
}

// appliedByUs looks for this program among the managers of an object.
func appliedByUs(live map[string]any) bool {
	for _, m := range lookupMaps(live, "metadata", "managedFields") {
		if m["manager"] == FieldManager && m["operation"] == "Apply" {
			return true
		}
	}
	return false
}

// contains tells whether a tree has everything of another one.
func contains(tree, part any) bool {
	switch part := part.(type) {
	case map[string]any:
		m, ok := tree.(map[string]any)
		for key, value := range part {
			if !ok || value != nil && !contains(m[key], value) {
				return false
			}
		}
		return ok
	case []any:
		list, ok := tree.([]any)
		if !ok || len(list) != len(part) {
			return false
		}
		for i := range part {
			if !contains(list[i], part[i]) {
				return false
			}
		}
		return true
	}
	return equalScalars(tree, part)
}

// plainNumbers copies a tree with all numbers as float64: objects from a server
// and from a rendering are decoded by different libraries.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = plainNumbers(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainNumbers(v[i])
		}
		return out
	case int64:
		return float64(v)
	}
	return v
}
