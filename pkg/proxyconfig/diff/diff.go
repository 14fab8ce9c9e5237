// Package diff compares two dumps by their meaning: resources by name, lists by
// the identity of their elements, without versions, times and the order of what
// has none.
//
// It holds that a dump equals itself, that comparing b with a gives the mirror image
// of comparing a with b, and that the patch of a result turns the one dump into
// the other.
package diff

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// Reads are the sections that are compared.
const Reads = dump.All &^ dump.Hosts

// Options change what counts as a difference.
type Options struct {
	// Raw compares certificates byte by byte, and versions and times too.
	Raw bool
	// Dynamic compares only what comes from a control plane: the rest is unknown to it.
	Dynamic bool
}

// reads are the sections that the options leave.
func (o Options) reads() dump.Section {
	if o.Dynamic {
		return dump.Clusters | dump.Listeners | dump.Routes | dump.ECDS
	}
	return Reads
}

// Compare gives the way from a to b.
func Compare(a, b *dump.Dump, o Options) (Result, error) {
	c := &comparison{options: o, mixed: a.IsCamel() != b.IsCamel(), result: Result{Resources: []Resource{}, Notes: []string{}}}
	for _, section := range dump.Sections() {
		if !o.reads().Has(section) || c.lacking(section, a, b) {
			continue
		}
		if err := c.section(c.byName(a, section), c.byName(b, section), section); err != nil {
			return Result{}, err
		}
	}
	c.attribute(a, b)
	c.noteProblems("the first", a)
	c.noteProblems("the second", b)
	return c.result, nil
}

type comparison struct {
	options Options
	// mixed tells that the dumps spell the names of fields differently.
	mixed  bool
	result Result
}

// lacking notes a section that only one dump has. Filters and secrets may well be
// missing where a proxy has none; the others were left out when the dump was taken.
func (c *comparison) lacking(section dump.Section, a, b *dump.Dump) bool {
	if a.Seen.Has(section) == b.Seen.Has(section) || section&(dump.ECDS|dump.Secrets|dump.ScopedRoutes) != 0 {
		return false
	}
	which, missing := "first", a
	if !b.Seen.Has(section) {
		which, missing = "second", b
	}
	c.result.Notes = append(c.result.Notes, fmt.Sprintf("%ss are not compared, the %s has none: %v", section, which, missing.Need(section)))
	return true
}

// id is what a resource is known by in its section.
type id struct{ state, name string }

// byName lists the resources of a section by what they are known by. A draining
// listener is no more than an echo of the one before.
func (c *comparison) byName(d *dump.Dump, section dump.Section) map[id]*dump.Resource {
	out := map[id]*dump.Resource{}
	resources := d.List(section)
	for i := range resources {
		r := &resources[i]
		if r.State == dump.Draining || c.options.Dynamic && r.State == dump.Static {
			continue
		}
		key := id{state: stateOf(r), name: r.Name()}
		for n := 2; out[key] != nil; n++ {
			key.name = fmt.Sprintf("%s#%d", r.Name(), n)
		}
		out[key] = r
	}
	return out
}

// stateOf leaves the usual state unsaid.
func stateOf(r *dump.Resource) string {
	if r.State == dump.Active || r.Section == dump.Bootstrap {
		return ""
	}
	return strings.ToLower(r.State.String())
}

// union lists what is in either map, in a fixed order.
func union(a, b map[id]*dump.Resource) []id {
	var ids []id
	for key := range a {
		ids = append(ids, key)
	}
	for key := range b {
		if a[key] == nil {
			ids = append(ids, key)
		}
	}
	slices.SortFunc(ids, func(x, y id) int {
		return cmp.Or(strings.Compare(x.state, y.state), strings.Compare(x.name, y.name))
	})
	return ids
}

// section compares the resources of one section.
func (c *comparison) section(a, b map[id]*dump.Resource, section dump.Section) error {
	ids := union(a, b)
	found := make([]*Resource, len(ids))
	var g errgroup.Group
	g.SetLimit(4)
	for i, key := range ids {
		if a[key] != nil && b[key] != nil && bytes.Equal(a[key].Body, b[key].Body) && !c.options.Raw {
			continue // by far the most
		}
		g.Go(func() (err error) {
			found[i], err = c.resource(a[key], b[key])
			if err != nil {
				return fmt.Errorf("comparing %s %q: %w", section, key.name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, r := range found {
		if r == nil {
			continue
		}
		r.Kind, r.Name, r.State = section.String(), ids[i].name, ids[i].state
		c.result.Resources = append(c.result.Resources, *r)
	}
	return nil
}

// resource compares two versions of one resource; nil means that they are equal.
func (c *comparison) resource(a, b *dump.Resource) (*Resource, error) {
	left, err := c.tree(a)
	if err != nil {
		return nil, err
	}
	right, err := c.tree(b)
	if err != nil {
		return nil, err
	}
	r := &Resource{Op: Changed, Changes: []Change{}}
	found := map[string]bool{}
	switch {
	case left == nil:
		r.Op = Added
		owners(right, found)
	case right == nil:
		r.Op = Removed
		owners(left, found)
	default:
		walk := &comparer{}
		walk.compare("", "", "", left, right)
		if c.options.Raw {
			walk.compareNotes(a, b)
		}
		if len(walk.changes) == 0 {
			return nil, nil
		}
		r.Changes = walk.changes
		for _, change := range r.Changes {
			if change.Object != "" {
				found[change.Object] = true
			}
		}
	}
	r.Objects = slices.Sorted(maps.Keys(found))
	if r.Objects == nil {
		r.Objects = []string{}
	}
	return r, nil
}

// tree parses a resource, in the form in which it is compared.
func (c *comparison) tree(r *dump.Resource) (*node, error) {
	if r == nil {
		return nil, nil
	}
	body := dump.Redact(r.Body)
	if c.mixed {
		body = dump.Snake(body)
	}
	n, err := parse(body)
	if err != nil {
		return nil, err
	}
	if r.Section == dump.Secrets && !c.options.Raw {
		meaningOfSecret(n)
	}
	return n, nil
}
