// Package arrival judges whether a change of configuration has reached the proxies,
// from what the istiods and the proxies say of themselves.
//
// istiod says nowhere which proxy has which version of an object. What it does say is
// put together here: that it has read the object ([Listed]), that it has made and sent
// a configuration since ([Istiod.Covers]), and that the proxy has acknowledged it.
package arrival

import (
	"encoding/json"
	"fmt"

	"github.com/meshctl/meshctl/internal/resource"
)

// Change is the state of an object that the proxies should have.
type Change struct {
	resource.Key
	// Generation counts the changes of an object's spec, 0 if its kind has no such count.
	Generation int64
	// ResourceVersion stands for the object's state where there is no generation.
	ResourceVersion string
	// Deleted is the state of an object that is no more.
	Deleted bool
}

// meta is the part of an object's metadata that tells states apart.
type meta struct {
	Name            string `json:"name"`
	Namespace       string `json:"namespace"`
	Generation      int64  `json:"generation"`
	ResourceVersion string `json:"resourceVersion"`
}

// ChangeOf is the present state of an object.
func ChangeOf(o *resource.Object) (Change, error) {
	var m struct {
		Metadata meta `json:"metadata"`
	}
	if err := json.Unmarshal(o.JSON, &m); err != nil {
		return Change{}, fmt.Errorf("reading the metadata of %s: %w", o.Key, err)
	}
	return Change{Key: o.Key, Generation: m.Metadata.Generation, ResourceVersion: m.Metadata.ResourceVersion}, nil
}

// String is "Kind namespace/name (generation 3)".
func (c Change) String() string {
	switch {
	case c.Deleted:
		return c.Key.String() + " (deleted)"
	case c.Generation == 0:
		return c.Key.String()
	}
	return fmt.Sprintf("%s (generation %d)", c.Key, c.Generation)
}

// Listing is what an istiod knows of an object.
type Listing int

// Listings. Some kinds (Service, Gateway API) are not in istiod's list at all.
const (
	Absent Listing = iota // not read yet, or an older state of it
	Listed
	Unknown // istiod lists no object of this kind
)

// Configz is what an istiod answers to /debug/configz: the objects that it has read.
type Configz struct {
	kinds   map[string]bool
	objects map[string]meta
}

// ParseConfigz reads an answer of /debug/configz.
func ParseConfigz(body []byte) (Configz, error) {
	var list []struct {
		Kind     string `json:"kind"`
		Metadata meta   `json:"metadata"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return Configz{}, fmt.Errorf("reading the answer to /debug/configz: %w", err)
	}
	c := Configz{kinds: map[string]bool{}, objects: map[string]meta{}}
	for _, o := range list {
		c.kinds[o.Kind] = true
		c.objects[o.Kind+"/"+o.Metadata.Namespace+"/"+o.Metadata.Name] = o.Metadata
	}
	return c, nil
}

// Has tells whether istiod has read a change, or a later state of the object.
func (c Configz) Has(change Change) Listing {
	m, found := c.objects[change.Kind+"/"+change.Namespace+"/"+change.Name]
	switch {
	case change.Deleted && found:
		return Absent // that it was deleted
	case change.Deleted && (c.kinds[change.Kind] || onlyConfigz(change)):
		return Listed
	case !found && (c.kinds[change.Kind] || onlyConfigz(change)):
		return Absent
	case !found:
		return Unknown
	case change.Generation > 0 && m.Generation >= change.Generation, m.ResourceVersion == change.ResourceVersion:
		return Listed
	}
	return Absent
}
