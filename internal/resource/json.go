package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// maxDepth is how deep objects may nest; the API server's limit is lower.
const maxDepth = 1000

// expansionLimit bounds how many nodes a document may have once its aliases
// are expanded, so that a few lines of nested aliases cannot fill the memory.
func expansionLimit(size int) int { return 100_000 + 10*size }

type scalar int

const (
	stringScalar scalar = iota
	nullScalar
	boolScalar
	numberScalar
)

// scalarKind resolves a scalar as the API server's YAML 1.1 reader does:
// unquoted yes, no, on, off, y and n are booleans, time stamps are strings.
func scalarKind(n *yaml.Node) scalar {
	switch n.ShortTag() {
	case "!!null":
		return nullScalar
	case "!!bool":
		return boolScalar
	case "!!int", "!!float":
		return numberScalar
	case "!!str":
		if _, ok := yaml11Bool(n); ok {
			return boolScalar
		}
	}
	return stringScalar
}

func yaml11Bool(n *yaml.Node) (value, ok bool) {
	if n.Style != 0 {
		return false, false
	}
	switch n.Value {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

// describe names what stands at a node, for error messages.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		value := n.Value
		if len(value) > 40 {
			value = value[:40] + "..."
		}
		switch scalarKind(n) {
		case nullScalar:
			return "null"
		case boolScalar:
			return fmt.Sprintf("the boolean %s (quote it to make it a string)", value)
		case numberScalar:
			return fmt.Sprintf("the number %s (quote it to make it a string)", value)
		}
		return fmt.Sprintf("the text %q", value)
	}
	return "nothing"
}

var errTooLarge = errors.New("aliases expand to more than this document may hold")

// encoder writes a YAML tree as compact JSON.
type encoder struct {
	out      *bytes.Buffer
	budget   int          // nodes that may still be written
	repeated []*yaml.Node // keys that a mapping has already
}

func (e *encoder) encode(n *yaml.Node, depth int) error {
	if e.budget--; e.budget < 0 {
		return errTooLarge
	}
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return e.encode(n.Alias, depth+1)
	case yaml.MappingNode:
		return e.mapping(n, depth)
	case yaml.SequenceNode:
		e.out.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				e.out.WriteByte(',')
			}
			if err := e.encode(item, depth+1); err != nil {
				return err
			}
		}
		e.out.WriteByte(']')
	case yaml.ScalarNode:
		return e.scalar(n)
	default:
		e.out.WriteString("null")
	}
	return nil
}

// mapping writes an object. Merge keys ("<<") are expanded; of duplicate keys
// the last one wins, as in the API server.
func (e *encoder) mapping(n *yaml.Node, depth int) error {
	pairs := n.Content
	if needsFlattening(n) {
		var err error
		if pairs, err = e.flatten(n, depth); err != nil {
			return err
		}
	}
	e.out.WriteByte('{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if pairs[i].Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key must be a scalar", pairs[i].Line)
		}
		e.text(pairs[i].Value)
		e.out.WriteByte(':')
		if err := e.encode(pairs[i+1], depth+1); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return nil
}

// needsFlattening finds merge keys and duplicates; both are rare. Short
// mappings, nearly all, are compared pairwise without a map.
func needsFlattening(n *yaml.Node) bool {
	var seen map[string]bool
	if len(n.Content) > 32 {
		seen = make(map[string]bool, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Tag == "!!merge" || key.Kind == yaml.AliasNode {
			return true
		}
		if seen != nil {
			if seen[key.Value] {
				return true
			}
			seen[key.Value] = true
			continue
		}
		for j := 0; j < i; j += 2 {
			if n.Content[j].Value == key.Value {
				return true
			}
		}
	}
	return false
}

// flatten lists a mapping's pairs with merges applied and duplicates removed.
func (e *encoder) flatten(n *yaml.Node, depth int) ([]*yaml.Node, error) {
	if e.budget -= len(n.Content); e.budget < 0 {
		return nil, errTooLarge
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: merge keys nest too deep", n.Line)
	}
	var pairs []*yaml.Node
	at := map[string]int{}
	set := func(key, value *yaml.Node, override bool) {
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if i, exists := at[key.Value]; !exists {
			at[key.Value] = len(pairs)
			pairs = append(pairs, key, value)
		} else if override {
			pairs[i+1] = value
			e.repeated = append(e.repeated, key)
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			set(n.Content[i], n.Content[i+1], true)
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		sources := []*yaml.Node{n.Content[i+1]}
		if sources[0].Kind == yaml.SequenceNode {
			sources = sources[0].Content
		}
		for _, from := range sources {
			for from.Kind == yaml.AliasNode {
				from = from.Alias
			}
			if from.Kind != yaml.MappingNode {
				return nil, fmt.Errorf("line %d: a merge key needs an object, found %s", from.Line, describe(from))
			}
			merged, err := e.flatten(from, depth+1)
			if err != nil {
				return nil, err
			}
			for j := 0; j+1 < len(merged); j += 2 {
				set(merged[j], merged[j+1], false)
			}
		}
	}
	return pairs, nil
}

func (e *encoder) scalar(n *yaml.Node) error {
	switch scalarKind(n) {
	case nullScalar:
		e.out.WriteString("null")
	case boolScalar:
		value, ok := yaml11Bool(n)
		if !ok {
			if err := n.Decode(&value); err != nil {
				return err
			}
		}
		e.out.WriteString(strconv.FormatBool(value))
	case numberScalar:
		return e.number(n)
	default:
		e.text(n.Value)
	}
	return nil
}

func (e *encoder) number(n *yaml.Node) error {
	if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil && strconv.FormatInt(i, 10) == n.Value {
		e.out.WriteString(n.Value)
		return nil
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return err
	}
	if f, ok := value.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return fmt.Errorf("line %d: %s cannot be stored in an object", n.Line, n.Value)
	}
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	e.out.Write(b)
	return nil
}

// text writes a JSON string. Plain ASCII, nearly all of it, is copied.
func (e *encoder) text(s string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			b, _ := json.Marshal(s) // marshalling a string cannot fail
			e.out.Write(b)
			return
		}
	}
	e.out.WriteByte('"')
	e.out.WriteString(s)
	e.out.WriteByte('"')
}
