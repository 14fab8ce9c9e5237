package install

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
)

// explain adds to each problem of an InputError where it was written.
func (s *sources) explain(err error) error {
	var input *InputError
	if !errors.As(err, &input) {
		return err
	}
	for i := range input.Problems {
		p := &input.Problems[i]
		keys := p.keys
		if keys == nil {
			keys = strings.Split(p.Path, ".")
		}
		p.Origin = s.locate(keys)
		if p.against != nil {
			// What is written, not what a profile says, can be changed.
			if other := s.locate(p.against); other != "" && p.Origin == "" {
				p.Origin = other
			} else if other != "" {
				p.Message += " (" + other + ")"
			}
		}
	}
	return input
}

// locate gives the origin of a field: the last source that sets it wins, as it
// does in the merge. "" means that no source names it.
func (s *sources) locate(keys []string) string {
	for i := len(s.settings) - 1; i >= 0; i-- {
		if s.settings[i].covers(keys) {
			return s.settings[i].flag
		}
	}
	if len(keys) > 2 && keys[0] == "spec" && keys[1] == "values" {
		for i := len(s.values) - 1; i >= 0; i-- {
			if line := lineOf(s.values[i].node, keys[2:]); line > 0 {
				return fmt.Sprintf("%s:%d", s.values[i].name, line)
			}
		}
	}
	for i := len(s.files) - 1; i >= 0; i-- {
		if line := lineOf(s.files[i].node, keys); line > 0 {
			return fmt.Sprintf("%s:%d", s.files[i].name, line)
		}
	}
	return ""
}

// covers tells whether a setting wrote the field, or part of it, or what it is
// part of. Selectors count as any list position.
func (a appliedSetting) covers(keys []string) bool {
	if len(keys) == 0 || keys[0] != "spec" {
		return false
	}
	for i, key := range keys[1:] {
		if i == len(a.segments) {
			return true
		}
		if step := a.segments[i]; step.list != strings.HasPrefix(key, "[") || !step.list && step.key != key {
			return false
		}
	}
	return true
}

// lineOf finds the line of a field's key, 0 if the document does not have it.
func lineOf(node *yamlnode.Node, keys []string) int {
	line := node.Line
	for _, key := range keys {
		if node.Kind == yamlnode.AliasNode {
			node = node.Alias
		}
		next, at := child(node, key)
		if next == nil {
			return 0
		}
		node, line = next, at
	}
	return line
}

func child(node *yamlnode.Node, key string) (*yamlnode.Node, int) {
	if inner, ok := strings.CutPrefix(key, "["); ok && node.Kind == yamlnode.SequenceNode {
		n, err := strconv.Atoi(strings.TrimSuffix(inner, "]"))
		if err != nil || n >= len(node.Content) {
			return nil, 0
		}
		return node.Content[n], node.Content[n].Line
	}
	if node.Kind != yamlnode.MappingNode {
		return nil, 0
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1], node.Content[i].Line
		}
	}
	return nil, 0
}
