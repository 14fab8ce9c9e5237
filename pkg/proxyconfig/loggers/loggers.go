// Package loggers reads and changes the log levels of a proxy, as its admin port lists
// and takes them at /logging.
package loggers

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Default is the level that Istio starts its proxies with.
const Default = "warning"

// Levels are those of Envoy, the most talkative first.
func Levels() []string {
	return []string{"trace", "debug", "info", "warning", "error", "critical", "off"}
}

// Logger is one logger with its level.
type Logger struct {
	Name  string `json:"logger"`
	Level string `json:"level"`
}

// Parse reads what /logging answers: a title and lines of "name: level".
func Parse(text string) ([]Logger, error) {
	var out []Logger
	for line := range strings.Lines(text) {
		name, level, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && slices.Contains(Levels(), level) {
			out = append(out, Logger{name, level})
		}
	}
	if out == nil {
		return nil, fmt.Errorf("expected a list of loggers with their levels, found %.60q", text)
	}
	slices.SortFunc(out, func(a, b Logger) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Change is a wish for levels: one for all loggers, then some of single ones.
type Change struct {
	All    string
	Single []Logger
}

// ParseChange reads "debug" or "http:debug,rbac:trace", or both: "info,http:debug".
func ParseChange(text string) (Change, error) {
	var c Change
	for part := range strings.SplitSeq(text, ",") {
		name, level, single := strings.Cut(strings.TrimSpace(part), ":")
		if !single {
			name, level = "", name
		}
		if level == "warn" {
			level = "warning"
		}
		if !slices.Contains(Levels(), level) {
			return Change{}, fmt.Errorf("%q is no level; expected one of %s", level, strings.Join(Levels(), ", "))
		}
		switch {
		case single:
			c.Single = append(c.Single, Logger{name, level})
		case c.All != "":
			return Change{}, fmt.Errorf("%q gives two levels for all loggers", text)
		default:
			c.All = level
		}
	}
	return c, nil
}

// Restore is the change that brings loggers back to levels they had: the most common
// one for all, then the others.
func Restore(before []Logger) Change {
	count := map[string]int{}
	for _, l := range before {
		count[l.Level]++
	}
	var c Change
	for _, level := range Levels() {
		if count[level] > count[c.All] {
			c.All = level
		}
	}
	for _, l := range before {
		if l.Level != c.All {
			c.Single = append(c.Single, l)
		}
	}
	return c
}

// Check reports loggers that a proxy does not have.
func (c Change) Check(have []Logger) error {
	for _, l := range c.Single {
		if !slices.ContainsFunc(have, func(h Logger) bool { return h.Name == l.Name }) {
			var names []string
			for _, h := range have {
				names = append(names, h.Name)
			}
			return fmt.Errorf("the proxy has no logger %q; it has %s", l.Name, strings.Join(names, ", "))
		}
	}
	return nil
}

// Paths are the requests to the admin port that make the change, in order.
func (c Change) Paths() []string {
	var out []string
	if c.All != "" {
		out = append(out, "/logging?level="+url.QueryEscape(c.All))
	}
	for _, l := range c.Single {
		out = append(out, "/logging?"+url.QueryEscape(l.Name)+"="+url.QueryEscape(l.Level))
	}
	return out
}
