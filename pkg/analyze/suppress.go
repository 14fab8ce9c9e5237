package analyze

import (
	"fmt"
	glob "path"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// Suppression hides findings of a code about objects whose name matches.
type Suppression struct {
	Code   string // "*" means all
	Object string // "Kind namespace/name", with wildcards * and ?
}

// ParseSuppression reads CODE=OBJECT, where OBJECT is "Kind namespace/name" or,
// as the peer's help has it, "Kind name.namespace".
func ParseSuppression(text string) (Suppression, error) {
	code, object, ok := strings.Cut(text, "=")
	if !ok || code == "" || object == "" || strings.Contains(object, "=") {
		return Suppression{}, fmt.Errorf("%q is not of the form CODE=OBJECT, such as %q", text, "IST0101=VirtualService shop/*")
	}
	if err := checkCode(code); err != nil {
		return Suppression{}, err
	}
	return Suppression{strings.ToUpper(code), object}, nil
}

func checkCode(code string) error {
	if _, known := Lookup(code); known || code == "*" {
		return nil
	}
	ids := []string{}
	for _, c := range Codes() {
		ids = append(ids, c.ID)
	}
	return fmt.Errorf("unknown code %q%s", code, didYouMean(code, ids))
}

// Matches reports whether the suppression hides a finding.
func (s Suppression) Matches(f Finding) bool {
	return (s.Code == "*" || s.Code == f.Code) && f.Object != nil && matchesObject(s.Object, f.Object)
}

// matchesObject compares both ways of writing an object's name.
func matchesObject(pattern string, o *resource.Object) bool {
	names := []string{o.Key.String()}
	if o.Namespace != "" {
		names = append(names, o.Kind+" "+o.Name+"."+o.Namespace)
	}
	return slices.ContainsFunc(names, func(name string) bool { return matchesGlob(pattern, name) })
}

// matchesGlob is a match with wildcards that stand for slashes too.
func matchesGlob(pattern, name string) bool {
	hide := strings.NewReplacer("/", "\x00", "[", `\[`, `\`, `\\`)
	ok, err := glob.Match(hide.Replace(pattern), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && ok
}

// suppressAnnotation lists codes that its object does not want to hear of.
const suppressAnnotation = "galley.istio.io/analyze-suppress"

func suppressedByAnnotation(f Finding) bool {
	if f.Object == nil {
		return false
	}
	for code := range strings.SplitSeq(f.Object.Annotations[suppressAnnotation], ",") {
		if code = strings.TrimSpace(code); code == "*" || code == f.Code {
			return true
		}
	}
	return false
}

// Suppress takes out the findings that suppressions or annotations hide.
func Suppress(findings []Finding, suppressions []Suppression) []Finding {
	return slices.DeleteFunc(findings, func(f Finding) bool {
		return suppressedByAnnotation(f) || slices.ContainsFunc(suppressions, func(s Suppression) bool { return s.Matches(f) })
	})
}

// InNamespace keeps the findings about one namespace and what is in it, and
// those about the cluster or the input itself.
func InNamespace(findings []Finding, namespace string) []Finding {
	return slices.DeleteFunc(findings, func(f Finding) bool {
		if f.Object == nil {
			return false
		}
		of := f.Object.Namespace
		if f.Object.GroupKind == istio.Namespace {
			of = f.Object.Name
		}
		return of != "" && of != namespace
	})
}

// AtLeast keeps the findings of a level and those above.
func AtLeast(findings []Finding, level Level) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Level < level })
}

// Worst is the highest level among findings; ok is false if there are none.
func Worst(findings []Finding) (level Level, ok bool) {
	for _, f := range findings {
		level, ok = max(level, f.Level), true
	}
	return level, ok
}
