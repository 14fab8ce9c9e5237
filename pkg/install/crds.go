package install

import (
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"
)

// The base chart decodes and encodes a megabyte of CRDs only to exchange their
// labels: two thirds of the time of a rendering. crdFuncs replaces the two
// template functions in use by ones that decode a CRD down to its metadata and
// carry the rest as text. Only for charts that are known not to look further.

// crdTail holds the undecoded part of a CRD, from "spec:" on.
const crdTail = "\x00tail"

func crdFuncs() template.FuncMap {
	return template.FuncMap{"fromYaml": fromYAML, "toYaml": toYAML}
}

func fromYAML(text string) map[string]any {
	head, tail, ok := splitCRD(text)
	if !ok {
		head, tail = text, ""
	}
	m := map[string]any{}
	if err := yaml.Unmarshal([]byte(head), &m); err != nil {
		m["Error"] = err.Error() // Helm's own contract for this function
	}
	if ok {
		m[crdTail] = tail
	}
	return m
}

func toYAML(v any) string {
	tail := ""
	if m, ok := v.(map[string]any); ok {
		if text, ok := m[crdTail].(string); ok {
			head := clone(m)
			delete(head, crdTail)
			v, tail = head, text
		}
	}
	data, err := yaml.Marshal(v)
	if err != nil {
		return "" // Helm's own contract for this function
	}
	return strings.TrimSuffix(string(data)+tail, "\n")
}

// splitCRD cuts a CRD before its spec; ok is false for every other text.
func splitCRD(text string) (head, tail string, ok bool) {
	const spec = "\nspec:\n"
	cut := strings.Index(text, spec)
	if cut < 0 || !strings.Contains(text[:cut], "kind: CustomResourceDefinition\n") {
		return "", "", false
	}
	return text[:cut+1], text[cut+1:], true
}
