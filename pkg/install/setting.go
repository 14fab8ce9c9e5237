package install

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Setting is one --set or --set-string argument.
type Setting struct {
	// Text is PATH=VALUE as typed; without "=" the value is the empty string.
	Text string
	// String keeps the value a string, whatever it looks like.
	String bool
}

// flag is how the setting is named in messages.
func (s Setting) flag() string {
	if s.String {
		return "--set-string " + s.Text
	}
	return "--set " + s.Text
}

// parse gives the path below spec and the typed value.
func (s Setting) parse() ([]segment, any, error) {
	name, value, _ := strings.Cut(s.Text, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	segments, err := parsePath(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.flag(), err)
	}
	if s.String || alwaysString(name) {
		return segments, unescapeCommas(value), nil
	}
	return segments, typedValue(value), nil
}

// typedValue reads a value the way istioctl does: integer, float, boolean
// (Go's spellings), else string. Quotes, braces and "null" stay text.
func typedValue(text string) any {
	if i, err := strconv.Atoi(text); err == nil {
		return int64(i)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		return f
	}
	if b, err := strconv.ParseBool(text); err == nil {
		return b
	}
	return unescapeCommas(text)
}

func unescapeCommas(text string) string { return strings.ReplaceAll(text, `\,`, ",") }

// alwaysString names the paths whose values look like numbers but are not:
// versions and environment variables.
func alwaysString(name string) bool {
	if strings.HasPrefix(name, "components.") && strings.HasSuffix(name, ".tag") {
		return true
	}
	for _, prefix := range []string{
		"tag",
		"compatibilityVersion",
		"values.global.tag",
		"values.compatibilityVersion",
		"meshConfig.defaultConfig.proxyMetadata.",
		"values.meshConfig.defaultConfig.proxyMetadata.",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
