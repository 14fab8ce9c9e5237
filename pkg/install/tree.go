package install

// Values is a decoded YAML mapping: the operator document, or a part of it,
// or Helm values. Nested mappings are map[string]any, lists []any.
type Values = map[string]any

// mergeInto lays src over dst. Mappings are merged key by key, everything
// else (lists and null included) replaces what was there. Mappings are copied,
// so later changes of dst never show in src.
func mergeInto(dst, src Values) {
	for key, value := range src {
		incoming, ok := value.(map[string]any)
		if !ok {
			dst[key] = cloneValue(value)
			continue
		}
		if existing, ok := dst[key].(map[string]any); ok {
			mergeInto(existing, incoming)
			continue
		}
		dst[key] = clone(incoming)
	}
}

// clone copies a tree; scalars are shared.
func clone(v Values) Values {
	if v == nil {
		return nil
	}
	out := make(Values, len(v))
	for key, value := range v {
		out[key] = cloneValue(value)
	}
	return out
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return clone(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = cloneValue(v[i])
		}
		return out
	default:
		return v
	}
}

// lookup walks mappings along keys.
func lookup(v Values, keys ...string) (any, bool) {
	var current any = v
	for _, key := range keys {
		m, ok := current.(map[string]any)
		if !ok {
			return nil, false
		}
		if current, ok = m[key]; !ok {
			return nil, false
		}
	}
	return current, true
}

func lookupMap(v Values, keys ...string) Values {
	found, _ := lookup(v, keys...)
	m, _ := found.(map[string]any)
	return m
}

// lookupMaps gives the elements of a list of mappings, nil for one that is none.
func lookupMaps(v Values, keys ...string) []Values {
	found, _ := lookup(v, keys...)
	list, _ := found.([]any)
	maps := make([]Values, len(list))
	for i, element := range list {
		maps[i], _ = element.(map[string]any)
	}
	return maps
}

func lookupString(v Values, keys ...string) string {
	found, _ := lookup(v, keys...)
	s, _ := found.(string)
	return s
}

func lookupBool(v Values, keys ...string) bool {
	found, _ := lookup(v, keys...)
	b, _ := found.(bool)
	return b
}

// put sets a value below keys and creates the mappings on the way. A scalar or
// null on the way is replaced.
func put(v Values, value any, keys ...string) {
	for _, key := range keys[:len(keys)-1] {
		next, ok := v[key].(map[string]any)
		if !ok {
			next = Values{}
			v[key] = next
		}
		v = next
	}
	v[keys[len(keys)-1]] = value
}
