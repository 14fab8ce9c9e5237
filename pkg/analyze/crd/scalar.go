package crd

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// allows reports whether a value has the type that a schema asks for. A schema
// inside a combination asks for none.
func (n *node) allows(v any) bool {
	if v == nil {
		return n.Nullable || n.Type == ""
	}
	whole, isNumber := wholeNumber(v)
	if n.IntOrString {
		_, isText := v.(string)
		return isText || whole
	}
	ok := true
	switch n.Type {
	case "object":
		_, ok = v.(map[string]any)
	case "array":
		_, ok = v.([]any)
	case "string":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "integer":
		ok = whole
	case "number":
		ok = isNumber
	}
	return ok
}

// wholeNumber reports whether a value is a number, and one without a fraction:
// 80.0 is an integer to the API server.
func wholeNumber(v any) (whole, isNumber bool) {
	switch v := v.(type) {
	case int64:
		return true, true
	case float64:
		return v == math.Trunc(v) && math.Abs(v) < 1<<53, true
	}
	return false, false
}

func (n *node) typeName() string {
	switch {
	case n.IntOrString:
		return "a whole number or a string"
	case n.Type == "integer":
		return "a whole number"
	case n.Type == "array":
		return "a list"
	case n.Type == "object":
		return "an object"
	}
	return "a " + n.Type
}

func nameOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the string %q", shortened(v))
	}
	return fmt.Sprint(v)
}

func shortened(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

func (c *checker) text(at *place, v string, n *node) {
	if len(n.Enum) > 0 && !slices.Contains(n.Enum, v) {
		c.wrongf(at, "the value %q does not exist; there are %s", shortened(v), strings.Join(n.Enum, ", "))
		return
	}
	length := utf8.RuneCountInString(v)
	switch {
	case n.MinLength != nil && length < *n.MinLength:
		if length == 0 {
			c.wrongf(at, "the value must not be empty")
		} else {
			c.wrongf(at, "the value must have at least %s, it has %d", count(*n.MinLength, "character"), length)
		}
	case n.MaxLength != nil && length > *n.MaxLength:
		c.wrongf(at, "the value must have at most %s, it has %d", count(*n.MaxLength, "character"), length)
	}
	if n.pattern != nil {
		if pattern, err := n.pattern(); err == nil && !pattern.MatchString(v) {
			c.wrongf(at, "the value %q does not match %s", shortened(v), n.Pattern)
		}
	}
	switch n.Format {
	case "date-time":
		if _, err := time.Parse(time.RFC3339, v); err != nil {
			c.wrongf(at, "the value %q is no time such as 2006-01-02T15:04:05Z", shortened(v))
		}
	case "ipv4", "ipv6":
		if address, err := netip.ParseAddr(v); err != nil || address.Is4() != (n.Format == "ipv4") {
			c.wrongf(at, "the value %q is no %s address", shortened(v), map[string]string{"ipv4": "IPv4", "ipv6": "IPv6"}[n.Format])
		}
	case "byte":
		if _, err := base64.StdEncoding.DecodeString(v); err != nil {
			c.wrongf(at, "the value is not in base64")
		}
	}
}

func (c *checker) number(at *place, v float64, n *node) {
	if n.IntOrString {
		return
	}
	switch {
	case n.Minimum != nil && v < *n.Minimum:
		c.wrongf(at, "the value must be at least %v, it is %v", *n.Minimum, v)
	case n.Maximum != nil && v > *n.Maximum:
		c.wrongf(at, "the value must be at most %v, it is %v", *n.Maximum, v)
	case n.Format == "int32" && (v < math.MinInt32 || v > math.MaxInt32):
		c.wrongf(at, "the value %v is too large for 32 bits", v)
	}
}
