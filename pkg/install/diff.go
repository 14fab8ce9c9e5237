package install

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// Action is what happens to an object.
type Action string

// The actions of a plan or a comparison.
const (
	Create Action = "create"
	Change Action = "change"
	Delete Action = "delete"
	Keep   Action = "keep" // nothing differs
)

// FieldChange is one field that differs. From is nil for a field that comes,
// To for one that goes.
type FieldChange struct {
	Path string `json:"path"`
	From any    `json:"from,omitempty"`
	To   any    `json:"to,omitempty"`
}

// ObjectChange is one object that differs between two states.
type ObjectChange struct {
	Action     Action        `json:"action"`
	Component  string        `json:"component,omitempty"`
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Namespace  string        `json:"namespace,omitempty"`
	Name       string        `json:"name"`
	Fields     []FieldChange `json:"fields"`
}

// ID names the object: "Kind namespace/name", or "Kind name".
func (c ObjectChange) ID() string {
	return (&Object{Kind: c.Kind, Namespace: c.Namespace, Name: c.Name}).ID()
}

func newChange(action Action, o *Object, fields []FieldChange) ObjectChange {
	return ObjectChange{
		Action: action, Component: o.Component,
		APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
		Fields: append([]FieldChange{}, fields...),
	}
}

// Compare lists what changes from one set of objects to another, in the order
// of the new one, with what goes away at the end. Equal objects are left out.
func Compare(from, to []*Object) ([]ObjectChange, error) {
	old := make(map[string]*Object, len(from))
	for _, o := range from {
		old[o.key()] = o
	}
	changes := []ObjectChange{}
	for _, o := range to {
		before, ok := old[o.key()]
		delete(old, o.key())
		if !ok {
			changes = append(changes, newChange(Create, o, nil))
			continue
		}
		fields, err := compareObjects(before, o)
		if err != nil {
			return nil, err
		}
		if len(fields) > 0 {
			changes = append(changes, newChange(Change, o, fields))
		}
	}
	for _, o := range from {
		if _, gone := old[o.key()]; gone {
			changes = append(changes, newChange(Delete, o, nil))
		}
	}
	return changes, nil
}

// key identifies an object whatever version of its API it is written in.
func (o *Object) key() string { return o.Group() + "/" + o.ID() }

func compareObjects(a, b *Object) ([]FieldChange, error) {
	if a.content == nil && b.content == nil && a.text == b.text {
		return nil, nil // both are rendered CRDs: no need to decode them
	}
	before, err := a.Content()
	if err != nil {
		return nil, err
	}
	after, err := b.Content()
	if err != nil {
		return nil, err
	}
	return hideSecrets(b.Kind, compareValues(nil, "", before, after)), nil
}

// compareValues appends the differences below a path. Lists whose elements
// have names are compared by name: what moved has not changed.
func compareValues(changes []FieldChange, path string, from, to any) []FieldChange {
	switch a := from.(type) {
	case map[string]any:
		if b, ok := to.(map[string]any); ok {
			return compareMaps(changes, path, a, b)
		}
	case []any:
		if b, ok := to.([]any); ok {
			return compareLists(changes, path, a, b)
		}
	}
	if equalScalars(from, to) {
		return changes
	}
	return append(changes, FieldChange{Path: path, From: from, To: to})
}

func compareMaps(changes []FieldChange, path string, a, b map[string]any) []FieldChange {
	keys := sortedKeys(a)
	for key := range b {
		if _, ok := a[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		changes = compareValues(changes, below(path, key), a[key], b[key])
	}
	return changes
}

// below appends a key to a path that is joined already.
func below(path, key string) string {
	key = joinPath([]string{key})
	if path == "" {
		return key
	}
	return path + "." + key
}

func compareLists(changes []FieldChange, path string, a, b []any) []FieldChange {
	key := listKey(a, b)
	if key == "" {
		for i := range max(len(a), len(b)) {
			changes = compareValues(changes, path+"["+strconv.Itoa(i)+"]", element(a, i), element(b, i))
		}
		return changes
	}
	other := map[string]any{}
	for _, e := range b {
		other[elementName(e, key)] = e
	}
	for _, e := range a {
		name := elementName(e, key)
		changes = compareValues(changes, fmt.Sprintf("%s[%s:%s]", path, key, name), e, other[name])
		delete(other, name)
	}
	for _, e := range b {
		if name := elementName(e, key); other[name] != nil {
			changes = compareValues(changes, fmt.Sprintf("%s[%s:%s]", path, key, name), nil, e)
		}
	}
	return changes
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// listKey finds a field that names the elements of both lists, "" for none.
func listKey(lists ...[]any) string {
	for _, key := range []string{"name", "mountPath", "port", "containerPort", "type"} {
		if slices.IndexFunc(lists, func(l []any) bool { return !namedBy(l, key) }) < 0 {
			return key
		}
	}
	return ""
}

func namedBy(list []any, key string) bool {
	seen := map[string]bool{}
	for _, e := range list {
		m, _ := e.(map[string]any)
		if m[key] == nil || seen[fmt.Sprint(m[key])] {
			return false
		}
		seen[fmt.Sprint(m[key])] = true
	}
	return true
}

func elementName(e any, key string) string {
	m, _ := e.(map[string]any)
	return fmt.Sprint(m[key])
}

// equalScalars compares leaves; numbers by value, whatever their Go type.
func equalScalars(a, b any) bool {
	if isNumber(a) && isNumber(b) {
		return plainNumbers(a) == plainNumbers(b)
	}
	return reflect.DeepEqual(a, b)
}

// hideSecrets replaces the values of a Secret by a word that says whether they
// change.
func hideSecrets(kind string, changes []FieldChange) []FieldChange {
	if kind != "Secret" {
		return changes
	}
	for i := range changes {
		if changes[i].From != nil {
			changes[i].From = "(hidden)"
		}
		if changes[i].To != nil {
			changes[i].To = "(hidden, differs)"
		}
	}
	return changes
}
