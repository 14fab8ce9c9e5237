package analyze

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func deprecatedValues() Analyzer {
	return Analyzer{
		Name:  "deprecation.ValueAnalyzer",
		Doc:   "Configuration uses the present API version, fields and values",
		Codes: []string{"MSH0117", "MSH0118"},
		Needs: []schema.GroupKind{istio.DestinationRule, istio.VirtualService},

		OfParts:   true,
		Undecoded: true,
		Run: func(m *Mesh) []Finding {
			var findings []Finding
			for _, kind := range istio.ConfigKinds() {
				for _, o := range m.Of(kind) {
					if now := presentVersion(o); now != "" {
						f := found("MSH0117", o, path("apiVersion"), "version %s of %s is an old name of %s", o.Version, o.Kind, now)
						f.Fix = &Fix{Description: "write " + o.Group + "/" + now, Field: path("apiVersion"), Value: o.Group + "/" + now}
						findings = append(findings, f)
					}
				}
			}
			for _, o := range m.Of(istio.DestinationRule) {
				findings = append(findings, checkValues(o)...)
			}
			for _, o := range m.Of(istio.VirtualService) {
				findings = append(findings, checkValues(o)...)
			}
			return findings
		},
	}
}

// presentVersion is v1 for kinds that have it, if the object uses another.
func presentVersion(o *resource.Object) string {
	if o.Version == "v1" || o.Group == istio.ExtensionsGroup || o.GroupKind == istio.EnvoyFilter || o.GroupKind == istio.ProxyConfig {
		return ""
	}
	return "v1"
}

func checkValues(o *resource.Object) []Finding {
	raw := o.Raw("spec")
	if !slices.ContainsFunc([]string{`"LEAST_CONN"`, `"consecutiveErrors"`, `"percent"`, `"mirrorPercent"`, `"mirror_percent"`}, func(s string) bool { return bytes.Contains(raw, []byte(s)) }) {
		return nil // as nearly always
	}
	var spec any
	if json.Unmarshal(orEmpty(raw), &spec) != nil {
		return nil
	}
	var findings []Finding
	eachField(spec, path("spec"), func(at resource.FieldPath, name string, value any) {
		switch {
		case name == "simple" && value == "LEAST_CONN" && o.GroupKind == istio.DestinationRule:
			f := found("MSH0118", o, at, "LEAST_CONN is deprecated: use LEAST_REQUEST")
			f.Fix = &Fix{Description: "write LEAST_REQUEST", Field: at, Value: "LEAST_REQUEST"}
			findings = append(findings, f)
		case name == "consecutiveErrors" && o.GroupKind == istio.DestinationRule:
			f := found("MSH0118", o, at, "consecutiveErrors is deprecated: use consecutive5xxErrors, or consecutiveGatewayErrors to count 502, 503 and 504 only")
			f.Fix = &Fix{Description: "rename it to consecutive5xxErrors, which counts the same", Field: at, Rename: "consecutive5xxErrors"}
			findings = append(findings, f)
		case name == "percent" && o.GroupKind == istio.VirtualService && slices.Contains(at, "fault"):
			findings = append(findings, oldShare(o, at, spec, value, "percentage"))
		case (name == "mirrorPercent" || name == "mirror_percent") && o.GroupKind == istio.VirtualService:
			findings = append(findings, oldShare(o, at, spec, value, "mirrorPercentage"))
		}
	})
	return findings
}

// oldShare is the finding about a share of requests that is given as a plain number.
func oldShare(o *resource.Object, at resource.FieldPath, spec, value any, now string) Finding {
	f := found("MSH0118", o, at, "%s is deprecated: use %s.value", at[len(at)-1], now)
	var parent = spec
	for _, element := range at[1 : len(at)-1] {
		parent = childOf(parent, element)
	}
	if number, ok := value.(float64); ok && childOf(parent, now) == nil {
		f.Fix = &Fix{Description: "write " + now, Field: at, Rename: now, Value: fmt.Sprintf("{value: %v}", number)}
	}
	return f
}

// eachField calls f for all fields below a value, in a fixed order.
func eachField(value any, at resource.FieldPath, f func(at resource.FieldPath, name string, value any)) {
	switch value := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			f(at.Child(name), name, value[name])
			eachField(value[name], at.Child(name), f)
		}
	case []any:
		for i, item := range value {
			eachField(item, at.Child(strconv.Itoa(i)), f)
		}
	}
}
