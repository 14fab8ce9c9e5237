package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// Operation is one step of a JSON patch (RFC 6902) of a dump.
type Operation struct {
	Op    string         `json:"op"` // add, remove, replace or move
	Path  string         `json:"path"`
	From  string         `json:"from,omitzero"`
	Value jsontext.Value `json:"value,omitzero"`
}

// Patch gives the steps that turn a, a config dump, into b, as far as [Compare] looks
// at them: comparing the patched dump with b finds nothing.
func Patch(a, b *dump.Dump, o Options) ([]Operation, error) {
	if a.Kind != dump.ConfigDump || b.Kind != dump.ConfigDump {
		return nil, fmt.Errorf("making a patch: both sides must be config dumps, not a %s and a %s", a.Kind, b.Kind)
	}
	if a.IsCamel() != b.IsCamel() {
		return nil, fmt.Errorf("making a patch: the two dumps spell the names of fields differently, one as Envoy and one as istiod")
	}
	o.Raw = false // versions and times are not patched
	p := &patcher{compare: &comparison{options: o}, from: a, lists: map[string]string{}, sections: map[string]string{}, count: a.ConfigCount()}
	for _, section := range dump.Sections() {
		if !o.reads().Has(section) || p.compare.lacking(section, a, b) {
			continue
		}
		if err := p.section(p.compare.byName(a, section), p.compare.byName(b, section), section); err != nil {
			return nil, err
		}
	}
	// Elements go from the back, so that the places before them stay.
	slices.SortFunc(p.removed, func(x, y string) int { return comparePointers(y, x) })
	ops := slices.Clone(p.changed)
	for _, path := range slices.Compact(p.removed) {
		ops = append(ops, Operation{Op: "remove", Path: path})
	}
	return slices.Concat([]Operation{}, ops, p.added), nil
}

// patcher collects steps: first changes in place, then what goes, then what comes.
type patcher struct {
	compare *comparison
	changed []Operation
	removed []string
	added   []Operation

	from            *dump.Dump
	lists, sections map[string]string // made by the patch itself
	count           int               // elements of configs
}

func (p *patcher) section(a, b map[id]*dump.Resource, section dump.Section) error {
	for _, key := range union(a, b) {
		var err error
		switch left, right := a[key], b[key]; {
		case left == nil:
			err = p.add(right)
		case right == nil:
			p.removed = append(p.removed, elementOf(left.Pointer))
		default:
			err = p.change(left, right)
		}
		if err != nil {
			return fmt.Errorf("comparing %s %q: %w", section, key.name, err)
		}
	}
	return nil
}

// change patches one resource, if it differs in what is compared.
func (p *patcher) change(a, b *dump.Resource) error {
	if found, err := p.compare.resource(a, b); found == nil {
		return err
	}
	left, err := parse(dump.Redact(a.Body))
	if err != nil {
		return err
	}
	right, err := parse(dump.Redact(b.Body))
	if err != nil {
		return err
	}
	p.changed = patchValue(p.changed, a.Pointer, "", left, right)
	return nil
}

// add appends an element to a list; list and section are made where the dump has none.
func (p *patcher) add(r *dump.Resource) error {
	value, sectionType, field, err := entryFor(r)
	if err != nil {
		return err
	}
	single := r.Section == dump.Bootstrap
	if !single {
		if list, ok := p.from.ListPointer(r.Section, r.State); ok {
			p.added = append(p.added, Operation{Op: "add", Path: list + "/-", Value: value})
			return nil
		}
		if list, ok := p.lists[sectionType+"/"+field]; ok {
			p.added = append(p.added, Operation{Op: "add", Path: list + "/-", Value: value})
			return nil
		}
		value, err = json.Marshal([]jsontext.Value{value})
	}
	section, ok := p.from.SectionPointer(r.Section)
	if !ok {
		section, ok = p.sections[sectionType]
	}
	if !ok {
		section = "/configs/" + strconv.Itoa(p.count)
		p.count++
		p.sections[sectionType] = section
		empty, _ := json.Marshal(map[string]string{"@type": "type.googleapis.com/envoy.admin.v3." + sectionType})
		p.added = append(p.added, Operation{Op: "add", Path: "/configs/-", Value: empty})
	}
	p.lists[sectionType+"/"+field] = section + "/" + field
	p.added = append(p.added, Operation{Op: "add", Path: section + "/" + field, Value: value})
	return err
}

// elementOf is the pointer of the list element that a pointer leads into: the one
// of /configs/3/dynamic_listeners/2/active_state/listener ends with 2.
func elementOf(pointer string) string {
	parts := strings.Split(pointer, "/")
	for i := len(parts) - 1; i > 0; i-- {
		if _, err := strconv.Atoi(parts[i]); err == nil && i > 2 {
			return strings.Join(parts[:i+1], "/")
		}
	}
	return pointer
}

// comparePointers orders pointers, numbers in them by value.
func comparePointers(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "/"), strings.Split(b, "/"), func(x, y string) int {
		m, errX := strconv.Atoi(x)
		n, errY := strconv.Atoi(y)
		if errX == nil && errY == nil {
			return cmp.Compare(m, n)
		}
		return cmp.Compare(x, y)
	})
}
