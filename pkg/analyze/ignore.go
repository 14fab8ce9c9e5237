package analyze

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/meshctl/meshctl/internal/resource"
)

// IgnoreFile is the name of the file that holds a repository's IgnoreRules.
const IgnoreFile = ".meshctl.yaml"

// IgnoreRule hides findings for a reason, and until a day.
type IgnoreRule struct {
	Code    string `yaml:"code"`
	Object  string `yaml:"object"` // "Kind namespace/name" with wildcards; "" means all
	Reason  string `yaml:"reason"`
	Expires string `yaml:"expires"` // last day on which it counts, as 2026-12-31; "" means never

	file string
	line int
}

// UnmarshalYAML reads a rule and remembers its line.
func (r *IgnoreRule) UnmarshalYAML(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if key := n.Content[i]; !slices.Contains([]string{"code", "object", "reason", "expires"}, key.Value) {
			return fmt.Errorf("line %d: a rule has no field %q, only code, object, reason and expires", key.Line, key.Value)
		}
	}
	type fields IgnoreRule
	err := n.Decode((*fields)(r))
	r.line = n.Line
	return err
}

// ParseIgnoreRules reads the list analyze.ignore of a file. It fails for
// rules without a reason, with a code that is not known or a day that is none.
func ParseIgnoreRules(file string, text []byte) ([]IgnoreRule, error) {
	var settings struct {
		Analyze struct {
			Ignore []IgnoreRule `yaml:"ignore"`
		} `yaml:"analyze"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&settings); err != nil && !errors.Is(err, io.EOF) {
		return nil, ignoreFileError(file, err)
	}
	rules := settings.Analyze.Ignore
	for i := range rules {
		r := &rules[i]
		r.file, r.Code = file, strings.ToUpper(r.Code)
		if err := checkCode(cmp.Or(r.Code, "no code")); err != nil {
			return nil, fmt.Errorf("reading %s:%d: rule %d: %w", file, r.line, i+1, err)
		}
		if strings.TrimSpace(r.Reason) == "" {
			return nil, fmt.Errorf("reading %s:%d: rule %d (%s) gives no reason", file, r.line, i+1, r.Code)
		}
		if _, err := r.lastDay(); err != nil {
			return nil, fmt.Errorf("reading %s:%d: rule %d (%s): expires must be a day such as 2026-12-31, not %q", file, r.line, i+1, r.Code, r.Expires)
		}
	}
	return rules, nil
}

// yamlPlace is where an error of the YAML library says that it is, and the Go
// type that it names, which tells a user nothing.
var yamlPlace = regexp.MustCompile(`(?s)^(?:yaml: )?(?:unmarshal errors:\s*)?(?:line (\d+): )?(.*?)(?: (?:in type|into) .*)?$`)

// ignoreFileError puts the line behind the name of the file.
func ignoreFileError(file string, err error) error {
	place := yamlPlace.FindStringSubmatch(err.Error())
	if place[1] != "" {
		file += ":" + place[1]
	}
	return fmt.Errorf("reading %s: %s; expected analyze: {ignore: [...]} with a list of rules", file, place[2])
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
