package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
)

// IgnoreFile is the name of the file that holds a repository's IgnoreRules.
const IgnoreFile = ".meshctl.yaml"

// IgnoreRule hides findings for a reason, and until a day.
type IgnoreRule struct {
	Code    string `json:"code"`
	Object  string `json:"object,omitempty"` // "Kind namespace/name" with wildcards; "" means all
	Reason  string `json:"reason"`
	Expires string `json:"expires,omitempty"` // last day on which it counts, as 2026-12-31; "" means never

	file string
	line int
}

// ParseIgnoreRules reads the list analyze.ignore of a file. It fails for
// rules without a reason, with a code that is not known or a day that is none.
func ParseIgnoreRules(file string, text []byte) ([]IgnoreRule, error) {
	var settings struct {
		Analyze struct {
			Ignore []IgnoreRule `json:"ignore"`
		} `json:"analyze"`
	}
	if err := yaml.UnmarshalStrict(text, &settings); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	rules := settings.Analyze.Ignore
	lines := ruleLines(text)
	for i := range rules {
		r := &rules[i]
		r.file, r.Code = file, strings.ToUpper(r.Code)
		if i < len(lines) {
			r.line = lines[i]
		}
		if err := checkCode(cmp.Or(r.Code, "no code")); err != nil {
			return nil, fmt.Errorf("reading %s: rule %d: %w", file, i+1, err)
		}
		if strings.TrimSpace(r.Reason) == "" {
			return nil, fmt.Errorf("reading %s: rule %d (%s) gives no reason", file, i+1, r.Code)
		}
		if _, err := r.lastDay(); err != nil {
			return nil, fmt.Errorf("reading %s: rule %d (%s): expires must be a day such as 2026-12-31, not %q", file, i+1, r.Code, r.Expires)
		}
	}
	return rules, nil
}

// ruleLines are the lines of the list's items, found by their first field.
func ruleLines(text []byte) []int {
	var lines []int
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if strings.HasPrefix(strings.TrimSpace(line), "- ") {
			lines = append(lines, number)
		}
	}
	return lines
}

func (r IgnoreRule) lastDay() (time.Time, error) {
	if r.Expires == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, r.Expires)
}

// Ignore takes out the findings that rules hide. A rule whose last day is
// over hides nothing and is a finding itself.
func Ignore(findings []Finding, rules []IgnoreRule, now time.Time) []Finding {
	var expired []Finding
	valid := slices.DeleteFunc(slices.Clone(rules), func(r IgnoreRule) bool {
		last, _ := r.lastDay() // checked when it was read
		if last.IsZero() || now.Before(last.AddDate(0, 0, 1)) {
			return false
		}
		f := found("MSH0005", nil, nil, "the rule that ignores %s expired on %s (its reason: %s)", strings.TrimSpace(r.Code+" "+r.Object), r.Expires, r.Reason)
		f.Origin = resource.Origin{File: r.file, Line: r.line}
		expired = append(expired, f)
		return true
	})
	kept := slices.DeleteFunc(findings, func(f Finding) bool {
		return slices.ContainsFunc(valid, func(r IgnoreRule) bool {
			if r.Object == "" {
				return r.Code == "*" || r.Code == f.Code
			}
			return Suppression{r.Code, r.Object}.Matches(f)
		})
	})
	return append(kept, expired...)
}
