package validation

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// jwks checks an inline key set (RFC 7517): one key or several.
func (c *checker) jwks(at *place, text string) {
	keys, err := parseJWKS(text)
	if err != nil {
		c.failf(at, "not a set of JSON web keys: %v", err)
		return
	}
	for i, key := range keys {
		if key["d"] != nil || key.text("kty") == "oct" {
			c.warnf(at, "the key at index %d is a private one; verifying tokens needs the public one only", i)
		}
	}
}

type webKey map[string]any

func (k webKey) text(field string) string {
	s, _ := k[field].(string)
	return s
}

func parseJWKS(text string) ([]webKey, error) {
	var set webKey
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, err
	}
	keys := []webKey{set}
	if list, isSet := set["keys"]; isSet {
		entries, ok := list.([]any)
		if !ok {
			return nil, errors.New("keys is not a list")
		}
		keys = nil
		for i, entry := range entries {
			key, ok := entry.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("the key at index %d is not an object", i)
			}
			keys = append(keys, key)
		}
	}
	for i, key := range keys {
		if err := key.complete(); err != nil {
			return nil, fmt.Errorf("the key at index %d: %w", i, err)
		}
	}
	return keys, nil
}

// complete checks the parameters that RFC 7518 and RFC 8037 require for a type.
func (k webKey) complete() error {
	var required []string
	switch kind := k.text("kty"); kind {
	case "RSA":
		required = []string{"n", "e"}
	case "EC":
		required = []string{"x", "y"}
	case "OKP":
		required = []string{"x"}
	case "oct":
		required = []string{"k"}
	default:
		return fmt.Errorf("there is no key type %q", kind)
	}
	for _, field := range required {
		value := k.text(field)
		if value == "" {
			return fmt.Errorf("%s is missing", field)
		}
		if _, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "=")); err != nil {
			if _, err := base64.StdEncoding.DecodeString(value); err != nil {
				return fmt.Errorf("%s is not base64: %w", field, err)
			}
		}
	}
	return nil
}
