package istiod

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ControlZPort is the default port of ControlZ, istiod's own inspection pages. It takes
// connections from within the pod alone.
const ControlZPort = 9876

// Scope is a logging scope of istiod, in the words of ControlZ's /scopej.
type Scope struct {
	Name            string `json:"name"`
	Description     string `json:"description,omitempty"`
	OutputLevel     string `json:"output_level,omitempty"`
	StackTraceLevel string `json:"stack_trace_level,omitempty"`
	LogCallers      bool   `json:"log_callers"`
}

// ScopeLevels are the levels that a scope can have, the most talkative first.
func ScopeLevels() []string { return []string{"debug", "info", "warn", "error", "none"} }

// Scopes lists the scopes of an istiod.
func Scopes(ctx context.Context, client *http.Client, port int) ([]Scope, error) {
	body, err := controlZ(ctx, client, http.MethodGet, port, "", nil)
	if err != nil {
		return nil, err
	}
	var scopes []Scope
	if err := json.Unmarshal(body, &scopes); err != nil {
		return nil, fmt.Errorf("reading the logging scopes: %w", err)
	}
	slices.SortFunc(scopes, func(a, b Scope) int { return strings.Compare(a.Name, b.Name) })
	return scopes, nil
}

// SetScope gives a scope all the values of s: ControlZ takes those that are missing for
// values too.
func SetScope(ctx context.Context, client *http.Client, port int, s Scope) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("setting scope %s: %w", s.Name, err)
	}
	if _, err := controlZ(ctx, client, http.MethodPut, port, s.Name, body); err != nil {
		return fmt.Errorf("setting scope %s: %w", s.Name, err)
	}
	return nil
}

func controlZ(ctx context.Context, client *http.Client, method string, port int, scope string, body []byte) ([]byte, error) {
	address := fmt.Sprintf("http://localhost:%d/scopej/%s", port, url.PathEscape(scope))
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking ControlZ: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of ControlZ: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("ControlZ answers %s: %.200s", answer.Status, text)
	}
	return text, nil
}

// ScopeChange is a wish for levels: one for all scopes, then some of single ones.
type ScopeChange struct {
	All    string
	Single map[string]string
}

// ParseScopeChange reads "ads:debug,authorization:info", "debug", or both.
func ParseScopeChange(text string) (ScopeChange, error) {
	c := ScopeChange{Single: map[string]string{}}
	if text == "" {
		return c, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, level, single := strings.Cut(strings.TrimSpace(part), ":")
		if !single {
			name, level = "", name
		}
		if level == "warning" {
			level = "warn"
		}
		switch {
		case !slices.Contains(ScopeLevels(), level):
			return c, fmt.Errorf("%q is no level; expected one of %s", level, strings.Join(ScopeLevels(), ", "))
		case single:
			c.Single[name] = level
		case c.All != "":
			return c, fmt.Errorf("%q gives two levels for all scopes", text)
		default:
			c.All = level
		}
	}
	return c, nil
}

// For is the level that the change has for a scope, "" for none.
func (c ScopeChange) For(scope string) string {
	if level, ok := c.Single[scope]; ok {
		return level
	}
	return c.All
}

// Check reports scopes that an istiod does not have.
func (c ScopeChange) Check(have []Scope) error {
	for name := range c.Single {
		if slices.ContainsFunc(have, func(s Scope) bool { return s.Name == name }) {
			continue
		}
		var names []string
		for _, s := range have {
			names = append(names, s.Name)
		}
		return fmt.Errorf("istiod has no scope %q; it has %s", name, strings.Join(names, ", "))
	}
	return nil
}
