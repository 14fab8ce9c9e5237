package dump

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Plain is Camel without the type of the resource itself, which a list of resources
// of one type need not repeat.
func Plain(body jsontext.Value) jsontext.Value {
	return respell(body, func(c *camel) { c.dropType = true })
}

// Snake brings both spellings of field names into one, close to that which Envoy
// prints, so that dumps of both can be compared.
func Snake(body jsontext.Value) jsontext.Value {
	return respell(body, func(c *camel) { c.snake = true })
}

// Camel rewrites a resource from the field names that Envoy prints (virtual_hosts)
// to those of protobuf's JSON (virtualHosts), which the peer prints and which
// scripts expect. Keys that are data stay as they are. Secrets are taken out.
// A body that is not JSON comes back untouched.
func Camel(body jsontext.Value) jsontext.Value { return respell(body, func(*camel) {}) }

func respell(body jsontext.Value, how func(*camel)) jsontext.Value {
	var out bytes.Buffer
	out.Grow(len(body))
	c := newCamel(body, &out)
	how(c)
	if c.value(message, "") != nil {
		return body
	}
	return bytes.TrimSpace(out.Bytes())
}

type camel struct {
	in  *jsontext.Decoder
	out *jsontext.Encoder
	// keepNames leaves the names of fields alone.
	keepNames bool
	// snake writes snake_case instead.
	snake bool
	// dropType leaves out the type of the outermost object.
	dropType bool
	// secret counts the sensitive fields around the place; hidden notes that a
	// secret was taken out.
	secret int
	hidden bool
}

func newCamel(body []byte, out *bytes.Buffer) *camel {
	lax := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	return &camel{in: jsontext.NewDecoder(bytes.NewReader(body), lax...), out: jsontext.NewEncoder(out, lax...)}
}

// keys says what the keys of an object are.
type keys int

const (
	message keys = iota // field names
	mapping             // data, over messages
	objects             // data, over free objects
	free                // data, down to the leaves
)

// value copies one value; parent is the field that it stands in.
func (c *camel) value(mode keys, parent string) error {
	switch c.in.PeekKind() {
	case '[':
		return c.array(mode, parent)
	case '{':
		return c.object(mode, parent)
	}
	raw, err := c.in.ReadValue()
	if err != nil {
		return err
	}
	if c.secret > 0 {
		hidden := Redacted(parent, raw)
		c.hidden = c.hidden || !bytes.Equal(hidden, raw)
		raw = hidden
	}
	return c.out.WriteValue(raw)
}

func (c *camel) array(mode keys, parent string) error {
	if mode == mapping {
		mode = message // a map stands alone: this is another field of the same name
	}
	if err := c.copyToken(); err != nil {
		return err
	}
	for c.in.PeekKind() != ']' {
		if err := c.value(mode, parent); err != nil {
			return err
		}
	}
	return c.copyToken()
}

func (c *camel) object(mode keys, parent string) error {
	if err := c.copyToken(); err != nil {
		return err
	}
	loose, typed := false, false // is it a Struct, has it a type?
	for c.in.PeekKind() != '}' {
		token, err := c.in.ReadToken()
		if err != nil {
			return err
		}
		key := token.String()
		written, inner := key, free
		switch mode {
		case message:
			inner = below(parent, key)
			if !c.keepNames {
				written = camelCase(key)
			}
			if c.snake {
				written = snakeCase(written)
			}
			if loose && key == "value" || !typed && key == "config" {
				inner = free // a Struct; until Envoy 1.16 filters had such a config
			}
		case mapping:
			inner = message
		}
		if c.dropType && key == "@type" && c.in.StackDepth() == 1 {
			if err := c.in.SkipValue(); err != nil {
				return err
			}
			typed = true
			continue
		}
		if err := c.out.WriteToken(jsontext.String(written)); err != nil {
			return err
		}
		if mode == message && key == "@type" {
			raw, err := c.in.ReadValue()
			if err != nil {
				return err
			}
			// The value in these is a google.protobuf.Struct.
			loose = bytes.Contains(raw, []byte("TypedStruct")) || bytes.Contains(raw, []byte("protobuf.Struct"))
			typed = true
			if !ofEnvoy(raw) {
				mode = free // of a message that nobody knows here, any key may be data
			}
			if err := c.out.WriteValue(raw); err != nil {
				return err
			}
			continue
		}
		if Sensitive(key) {
			c.secret++
		}
		if err := c.value(inner, key); err != nil {
			return err
		}
		if Sensitive(key) {
			c.secret--
		}
	}
	return c.copyToken()
}

func (c *camel) copyToken() error {
	token, err := c.in.ReadToken()
	if err != nil {
		return err
	}
	return c.out.WriteToken(token)
}

// ofEnvoy tells whether a type, in quotes, is of Envoy's or Istio's API.
func ofEnvoy(kind []byte) bool {
	name := kind[bytes.LastIndexByte(kind, '/')+1:]
	return slices.ContainsFunc([]string{"envoy.", "udpa.", "xds.", "google.", "istio.", "io.istio.", "stats.", "opencensus."},
		func(prefix string) bool { return bytes.HasPrefix(name, []byte(prefix)) })
}

// below says what the keys in a field are. Only maps and Structs of Envoy's API
// have keys that are data.
func below(parent, field string) keys {
	parent, field = snakeCase(parent), snakeCase(field)
	switch field {
	case "typed_filter_metadata", "typed_per_filter_config", "per_filter_config",
		"typed_extension_protocol_options", "extension_protocol_options",
		"typed_dynamic_metadata", "filter_state_objects",
		"policies", "shadow_policies", "providers", "requirement_map", "map", "named_endpoints", "named_filter_chains",
		"secrets", "secret_configs", "source_codes", "certificate_provider_instances",
		"bucket_id_builder", "cluster_min_healthy_percentages", "tenant_configs",
		// with texts
		"context_extensions", "mapped_request_attributes", "mapped_response_attributes", "key_values", "labels",
		"custom_tags", "content_types", "dynamic_parameters", "params":
		return mapping
	case "filter_metadata":
		return objects
	case "json_format", "typed_json_format", "static_layer", "default_subset",
		"filter_context", "transport_socket_match_criteria":
		return free
	case "requires":
		if parent == "filter_state_rules" {
			return mapping
		}
	case "metadata":
		if parent == "node" || parent == "user_agent_build_version" {
			return free
		}
	case "match":
		if parent == "transport_socket_matches" {
			return free
		}
	}
	return message
}

// camelCase is protobuf's JSON name of a field.
func camelCase(field string) string {
	if strings.IndexByte(field, '_') < 0 || strings.ToLower(field) != field {
		return field // a name with capitals is no field: data, such as ISTIO_META
	}
	out := make([]byte, 0, len(field))
	up := false
	for i := range len(field) {
		c := field[i]
		if c == '_' {
			up = true
			continue
		}
		if up && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		out, up = append(out, c), false
	}
	return string(out)
}

// snakeCase turns camelCase round. It cannot know of consecutive_5xx, so it is for
// comparing only, after camelCase.
func snakeCase(field string) string {
	first := strings.IndexFunc(field, func(r rune) bool { return 'A' <= r && r <= 'Z' })
	if first <= 0 {
		return field
	}
	out := make([]byte, 0, len(field)+4)
	for i := range len(field) {
		if c := field[i]; 'A' <= c && c <= 'Z' && i > 0 && !('A' <= field[i-1] && field[i-1] <= 'Z') {
			out = append(out, '_', c+'a'-'A')
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}
