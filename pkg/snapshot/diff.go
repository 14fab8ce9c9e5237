package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/meshctl/meshctl/internal/resource"
)

// Change is one difference between two snapshots.
type Change struct {
	Change string `json:"change"` // "added", "removed" or "changed"
	What   string `json:"what"`   // "VirtualService shop/web", "proxy shop/web-1"
	Field  string `json:"field,omitempty"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Entry is that of Envoy's dump of its configuration, if that is what changed;
	// Before and After then only identify it, for those who know more of dumps.
	Entry string `json:"-"`
}

// Diff compares two snapshots: objects by their fields, without those that
// change all the time (status, resource version); proxies and istiods by what
// they answered. The result is sorted and never nil.
func Diff(before, after *Archive) ([]Change, error) {
	changes := []Change{}
	for _, path := range union(before, after, "objects/") {
		if noise(path) {
			continue
		}
		more, err := diffObjects(before, after, path)
		if err != nil {
			return nil, err
		}
		changes = append(changes, more...)
	}
	for _, path := range union(before, after, "pods/") {
		more, err := diffAnswers(before, after, path)
		if err != nil {
			return nil, err
		}
		changes = append(changes, more...)
	}
	return changes, nil
}

// noise is kinds that change with every pod and say nothing that others do not.
func noise(path string) bool {
	for _, kind := range []string{"Event.core", "Endpoints.core", "EndpointSlice.discovery.k8s.io", "Node.core", "ReplicaSet.apps"} {
		if path == "objects/"+kind+".jsonl" {
			return true
		}
	}
	return false
}

func union(a, b *Archive, prefix string) []string {
	paths := map[string]bool{}
	for _, archive := range []*Archive{a, b} {
		for path := range archive.entries {
			if strings.HasPrefix(path, prefix) {
				paths[path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

func diffObjects(before, after *Archive, path string) ([]Change, error) {
	old, err := keyed(before, path)
	if err != nil {
		return nil, err
	}
	now, err := keyed(after, path)
	if err != nil {
		return nil, err
	}
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	var changes []Change
	for _, name := range names {
		switch a, b := old[name], now[name]; {
		case a == nil:
			changes = append(changes, Change{Change: "added", What: name})
		case b == nil:
			changes = append(changes, Change{Change: "removed", What: name})
		case !bytes.Equal(a.JSON, b.JSON):
			more, err := diffFields(name, a, b)
			if err != nil {
				return nil, err
			}
			changes = append(changes, more...)
		}
	}
	return changes, nil
}

func keyed(a *Archive, path string) (map[string]*resource.Object, error) {
	byKey := map[string]*resource.Object{}
	if !a.Has(path) {
		return byKey, nil
	}
	objects, err := a.objects(path)
	for _, o := range objects {
		byKey[o.Key.String()] = o
	}
	return byKey, err
}

func diffFields(what string, before, after *resource.Object) ([]Change, error) {
	a, err := before.Map()
	if err != nil {
		return nil, err
	}
	b, err := after.Map()
	if err != nil {
		return nil, err
	}
	for _, m := range []map[string]any{a, b} {
		delete(m, "status")
		if meta, ok := m["metadata"].(map[string]any); ok {
			for _, field := range []string{"resourceVersion", "generation", "managedFields", "creationTimestamp", "uid"} {
				delete(meta, field)
			}
		}
	}
	var changes []Change
	compare(a, b, "", func(field string, x, y any) {
		changes = append(changes, Change{Change: "changed", What: what, Field: field, Before: value(x), After: value(y)})
	})
	return changes, nil
}

// compare walks through two values and reports the deepest places that differ.
func compare(a, b any, field string, report func(field string, a, b any)) {
	x, isMap := a.(map[string]any)
	y, bothMaps := b.(map[string]any)
	if isMap && bothMaps {
		keys := maps.Clone(x)
		maps.Copy(keys, y)
		for _, key := range sortedKeys(keys) {
			compare(x[key], y[key], strings.TrimPrefix(field+"."+key, "."), report)
		}
		return
	}
	p, isList := a.([]any)
	q, bothLists := b.([]any)
	if isList && bothLists && len(p) == len(q) {
		for i := range p {
			compare(p[i], q[i], field+"["+strconv.Itoa(i)+"]", report)
		}
		return
	}
	if !reflect.DeepEqual(a, b) {
		report(field, a, b)
	}
}

// value is a field's value for a table's cell.
func value(v any) string {
	if v == nil {
		return ""
	}
	text, isText := v.(string)
	if !isText {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(data)
	}
	return Short(text)
}

// Short is a text in no more bytes than a table's cell should have.
func Short(text string) string {
	const longest = 80
	if len(text) <= longest {
		return text
	}
	end := longest - len("...")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
