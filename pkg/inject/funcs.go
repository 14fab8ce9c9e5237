package inject

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// templateFuncs are the functions that injection templates may call: sprig's,
// and on top of them those of the injector. Names and argument order are a
// wire format, because templates live in clusters.
func templateFuncs(getenv func(string) string) template.FuncMap {
	funcs := sprig.TxtFuncMap()
	maps.Copy(funcs, template.FuncMap{
		"annotation":             annotationOr,
		"appendMultusNetwork":    appendMultusNetwork,
		"applicationPorts":       applicationPorts,
		"contains":               func(part, whole string) bool { return strings.Contains(whole, part) },
		"directory":              func(file string) string { dir, _ := path.Split(file); return dir },
		"env":                    envOr(getenv),
		"excludeInboundPort":     excludeInboundPort,
		"excludeInterfaces":      func(s string) string { return s },
		"formatDuration":         func(d *durationpb.Duration) string { return d.AsDuration().String() },
		"fromJSON":               fromJSON,
		"includeInboundPorts":    includeInboundPorts,
		"indent":                 indentRest,
		"isset":                  func(m map[string]string, key string) bool { _, ok := m[key]; return ok },
		"kubevirtInterfaces":     func(s string) string { return s },
		"mergeMaps":              mergeMaps,
		"omit":                   omitKeys,
		"omitNil":                omitNil,
		"otelResourceAttributes": otelResourceAttributes,
		"protoToJSON":            protoToJSON,
		"strdict":                stringDict,
		"structToJSON":           toJSON,
		"toJSON":                 mapToJSON,
		"toJsonMap":              func(m ...map[string]string) string { return mapToJSON(mergeMaps(m...)) },
		"toLower":                strings.ToLower,
		"toYaml":                 toYAML,
		"valueOrDefault":         valueOr,
	})
	return funcs
}

func envOr(getenv func(string) string) func(key, fallback string) string {
	return func(key, fallback string) string {
		if getenv != nil {
			if value := getenv(key); value != "" {
				return value
			}
		}
		return fallback
	}
}

func annotationOr(meta metav1.ObjectMeta, name string, fallback any) string {
	if value, ok := meta.Annotations[name]; ok {
		return value
	}
	return fmt.Sprint(fallback)
}

func valueOr(value, fallback any) any {
	if value == nil || value == "" {
		return fallback
	}
	return value
}

func toJSON(v any) string {
	if v == nil {
		return "{}"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(data)
}

func mapToJSON(m map[string]string) string {
	if m == nil {
		return "{}"
	}
	return toJSON(m)
}

// fromJSON gives templates something to range over; text that is no JSON is
// given as the string "{}", like the injector does.
func fromJSON(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "{}"
	}
	return v
}

func toYAML(v any) string {
	if m, ok := v.(map[string]any); ok && len(m) > 0 {
		if text, err := encodeYAML(nil, m, 0); err == nil {
			return string(text)
		}
	}
	text, err := yaml.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// indentRest indents all lines but the first, which stands where the template
// put it. (Sprig's function of this name indents the first one, too.)
func indentRest(width int, text string) string {
	return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", max(width, 0)))
}

func omitKeys(m map[string]string, keys ...string) map[string]string {
	kept := map[string]string{}
	for key, value := range m {
		if !slices.Contains(keys, key) {
			kept[key] = value
		}
	}
	return kept
}

// stringDict is sprig's dict with string values; a key without value gets "".
func stringDict(pairs ...string) map[string]string {
	dict := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		dict[pairs[i]] = ""
		if i+1 < len(pairs) {
			dict[pairs[i]] = pairs[i+1]
		}
	}
	return dict
}

// mergeMaps joins maps; the later ones win.
func mergeMaps(all ...map[string]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	merged := map[string]string{}
	for _, m := range all {
		maps.Copy(merged, m)
	}
	return merged
}

// omitNil drops nulls at any depth, and what is empty without them. Values
// without nulls are given back as they are, also the empty ones.
func omitNil(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := make(map[string]any, len(v))
		for key, value := range v {
			if value = omitNil(value); value != nil {
				kept[key] = value
			}
		}
		if len(kept) == 0 && len(v) > 0 {
			return nil
		}
		return kept
	case []any:
		kept := make([]any, 0, len(v))
		for _, value := range v {
			if value = omitNil(value); value != nil {
				kept = append(kept, value)
			}
		}
		if len(kept) == 0 && len(v) > 0 {
			return nil
		}
		return kept
	}
	return v
}

// excludeInboundPort adds a port to a comma-separated list, once.
func excludeInboundPort(port any, list string) string {
	added := strings.TrimSpace(fmt.Sprint(port))
	if added == "" || added == "0" {
		return list
	}
	var ports []string
	for p := range strings.SplitSeq(list, ",") {
		if p == added {
			return list
		}
		if p = strings.TrimSpace(p); p != "" {
			ports = append(ports, p)
		}
	}
	return strings.Join(append(ports, added), ",")
}

func includeInboundPorts(containers []corev1.Container) string {
	var ports []string
	for _, c := range containers {
		for _, p := range c.Ports {
			if p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP {
				ports = append(ports, strconv.Itoa(int(p.ContainerPort)))
			}
		}
	}
	return strings.Join(ports, ",")
}

func applicationPorts(containers []corev1.Container) string {
	isProxy := func(c corev1.Container) bool { return c.Name == ProxyContainer }
	return includeInboundPorts(slices.DeleteFunc(slices.Clone(containers), isProxy))
}
