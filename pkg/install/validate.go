package install

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	k8sresource "k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshctl/meshctl/internal/resource"
)

// validate checks a merged operator document, before any Helm value is derived
// from its fields, and gives all problems in the order of the document's fields.
func validate(tree, user Values, charts Charts) (problems []Problem, warnings []string) {
	v := &validator{}
	v.check(operatorSchema(), nil, tree)
	if len(v.problems) == 0 {
		// The rest reads values and may rely on their types.
		v.checkRelease(tree)
		v.checkMeshConfig([]string{"spec", "meshConfig"}, lookupMap(tree, "spec", "meshConfig"))
		v.checkNetworking(tree)
		v.checkWords(tree)
		v.checkGateways(tree)
		v.checkScaling(tree)
		v.checkConflicts(user, tree, charts)
	}
	return v.problems, v.warnings
}

type validator struct {
	problems []Problem
	warnings []string
}

func (v *validator) report(keys []string, message, hint string) {
	v.problems = append(v.problems, Problem{
		Path:    joinPath(keys),
		Message: message,
		Hint:    hint,
		keys:    slices.Clone(keys),
	})
}

// joinPath writes keys as a --set path; list positions are keys like "[0]".
func joinPath(keys []string) string {
	var b strings.Builder
	for _, key := range keys {
		if b.Len() > 0 && !strings.HasPrefix(key, "[") {
			b.WriteByte('.')
		}
		b.WriteString(strings.ReplaceAll(key, ".", `\.`))
	}
	return b.String()
}

// check compares a value with a schema. Null is allowed everywhere: it unsets.
func (v *validator) check(s *fieldSchema, keys []string, value any) {
	if value == nil || s.kind == kindAny {
		return
	}
	switch s.kind {
	case kindObject:
		v.checkObject(s, keys, value)
	case kindMap:
		if m, ok := value.(map[string]any); ok {
			for _, key := range sortedKeys(m) {
				v.check(s.elem(), append(keys, key), m[key])
			}
			return
		}
		v.wrongType(s, keys, value)
	case kindList:
		if list, ok := value.([]any); ok {
			for i, element := range list {
				v.check(s.elem(), append(keys, "["+strconv.Itoa(i)+"]"), element)
			}
			return
		}
		v.wrongType(s, keys, value)
	default:
		if !s.accepts(value) {
			v.wrongType(s, keys, value)
		}
	}
}

func (v *validator) checkObject(s *fieldSchema, keys []string, value any) {
	m, ok := value.(map[string]any)
	if !ok {
		v.wrongType(s, keys, value)
		return
	}
	fields := s.fields()
	for _, key := range sortedKeys(m) {
		field, known := fields[key]
		at := append(slices.Clone(keys), key)
		if !known {
			v.unknownField(fields, at)
			continue
		}
		v.check(field, at, m[key])
	}
}

func (v *validator) unknownField(fields map[string]*fieldSchema, at []string) {
	key := at[len(at)-1]
	if note := replacement(at); note != "" {
		v.report(at, "this setting is gone from Istio", note)
		return
	}
	hint := ""
	if near := resource.Nearest(key, sortedKeys(fields)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(fields) <= 20 {
		hint = "known fields are " + strings.Join(sortedKeys(fields), ", ")
	}
	v.report(at, fmt.Sprintf("unknown field %q", key), hint)
}

func (v *validator) wrongType(s *fieldSchema, keys []string, value any) {
	hint := ""
	switch {
	case s.kind == kindEnum:
		v.report(keys, fmt.Sprintf("%s is not a known value", quoted(value)), "valid values are "+strings.Join(s.names, ", "))
		return
	case s.kind == kindString:
		hint = "put the value into quotes (on the command line use --set-string)"
	case s.kind == kindList:
		if text, ok := value.(string); ok && strings.HasPrefix(text, "{") {
			hint = "on the command line set list elements one by one, as in PATH[0]=a"
		}
	}
	v.report(keys, fmt.Sprintf("expected %s, got %s", s.expected(), quoted(value)), hint)
}

// accepts tells whether a scalar fits.
func (s *fieldSchema) accepts(value any) bool {
	text, isText := value.(string)
	switch s.kind {
	case kindString:
		return isText
	case kindBool:
		_, ok := value.(bool)
		return ok
	case kindInteger:
		return isWhole(value) || s.proto && isText && isWholeText(text)
	case kindNumber:
		_, err := strconv.ParseFloat(text, 64)
		return isNumber(value) || s.proto && isText && err == nil
	case kindIntOrString:
		return isText || isWhole(value)
	case kindQuantity:
		_, err := k8sresource.ParseQuantity(fmt.Sprint(value))
		return isNumber(value) || isText && err == nil
	case kindDuration:
		_, err := time.ParseDuration(text)
		return isText && err == nil
	case kindEnum:
		return isText && slices.Contains(s.names, text) || isWhole(value)
	}
	return true
}

func isNumber(value any) bool {
	switch value.(type) {
	case int64, float64:
		return true
	}
	return false
}

func isWhole(value any) bool {
	if f, ok := value.(float64); ok {
		return f == math.Trunc(f)
	}
	_, ok := value.(int64)
	return ok
}

func isWholeText(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// quoted shows a value in a message, shortened.
func quoted(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	const longest = 60
	if len(data) > longest {
		return string(data[:longest]) + "..."
	}
	return string(data)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
