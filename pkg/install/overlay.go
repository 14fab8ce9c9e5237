package install

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// applyOverlays applies components.*.k8s.overlays, in order, in place of the
// list. Overlays that hit nothing are warnings, since the peer accepts them.
func applyOverlays(i instance, objects []*Object) (warnings []string, err error) {
	for _, o := range i.settings.Overlays {
		hit := false
		for n, object := range objects {
			if object.Kind != o.Kind || object.Name != o.Name {
				continue // like the peer, apiVersion and namespace are not compared
			}
			hit = true
			changed, more, err := o.apply(object)
			if err != nil {
				return nil, fmt.Errorf("applying an overlay of components.%s to %s: %w", i.key, object.ID(), err)
			}
			objects[n] = changed
			warnings = append(warnings, more...)
		}
		if !hit {
			warnings = append(warnings, fmt.Sprintf(
				"an overlay of components.%s is for %s %s, which is not rendered", i.key, o.Kind, o.Name))
		}
	}
	return warnings, nil
}

// apply gives a changed copy of an object. A path that cannot be followed is a
// warning.
func (o overlay) apply(object *Object) (*Object, []string, error) {
	original, err := object.Content()
	if err != nil {
		return nil, nil, err
	}
	var content any = clone(original)
	var warnings []string
	for _, p := range o.Patches {
		segments, err := parsePath(p.Path)
		if err == nil {
			if p.Value == nil {
				content, err = deletePath(content, segments)
			} else {
				content, err = setPath(content, segments, overlayValue(p.Value))
			}
		}
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("the overlay path %s of %s is skipped: %s", p.Path, object.ID(), err))
		}
	}
	changed := *object
	changed.content = content.(map[string]any)
	return &changed, warnings, nil
}

// overlayValue reads a text that holds YAML of a mapping as that mapping, which
// is how overlays have always been written. JSON stays text.
func overlayValue(v any) any {
	text, ok := v.(string)
	if !ok || !strings.Contains(text, ":") {
		return v
	}
	if !strings.Contains(text, "\n") && !strings.Contains(text, ": ") || json.Valid([]byte(text)) {
		return v
	}
	var m map[string]any
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		return v
	}
	return m
}

// deletePath removes what is at the path.
func deletePath(node any, segments []segment) (any, error) {
	step, last := segments[0], len(segments) == 1
	if step.list {
		return deleteElement(node, segments)
	}
	m, ok := node.(map[string]any)
	if !ok {
		return node, fmt.Errorf("there is no field %q", step.key)
	}
	if last {
		delete(m, step.key)
		return m, nil
	}
	child, err := deletePath(m[step.key], segments[1:])
	if err != nil {
		return node, err
	}
	m[step.key] = child
	return m, nil
}

func deleteElement(node any, segments []segment) (any, error) {
	step := segments[0]
	list, _ := node.([]any)
	index := step.index
	if step.selector != "" || step.leaf {
		index = findElement(list, step)
	}
	if index < 0 || index >= len(list) {
		return node, fmt.Errorf("no list element matches %s", step)
	}
	if len(segments) == 1 {
		return append(list[:index:index], list[index+1:]...), nil
	}
	child, err := deletePath(list[index], segments[1:])
	if err != nil {
		return node, err
	}
	list[index] = child
	return list, nil
}
