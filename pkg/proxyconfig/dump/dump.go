package dump

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// Kind is the sort of text that a dump came from.
type Kind string

// What can be read.
const (
	ConfigDump    Kind = "config dump"
	ClustersDump  Kind = "/clusters dump"
	BootstrapFile Kind = "static bootstrap"
)

// Dump is what was kept of a dump: the wanted sections, resource by resource.
type Dump struct {
	Kind Kind
	// Seen holds the sections that the text has, wanted or not, empty or not.
	Seen Section
	// Others are the types of sections that are not known here.
	Others []string
	// Text is the whole text, if Whole was wanted.
	Text Text

	lists  map[Section][]Resource
	places map[place]string
	count  int // elements of configs
}

// place is a section, or with a state one of its lists.
type place struct {
	section Section
	state   State
	list    bool
}

// Resource is one cluster, listener, route configuration and so on.
type Resource struct {
	Section Section
	State   State
	// Body is the resource as the proxy wrote it.
	Body jsontext.Value
	// Version and Updated are the version and time that the proxy noted for it.
	Version, Updated string
	// Problem is the error_state of the last update, as Envoy wrote it.
	Problem jsontext.Value
	// Pointer is the JSON pointer (RFC 6901) of Body in the dump.
	Pointer string

	name string
}

// List gives the resources of one section, in the order of the dump.
func (d *Dump) List(section Section) []Resource { return d.lists[section] }

// Drop lets go of the resources of some sections.
func (d *Dump) Drop(sections Section) {
	for section := range d.lists {
		if sections.Has(section) {
			delete(d.lists, section)
		}
	}
}

// Replace rewrites all resources, such as to take out what is the proxy's own. Their
// names follow.
func (d *Dump) Replace(f func([]byte) []byte) {
	for _, list := range d.lists {
		for i := range list {
			list[i].Body = f(list[i].Body)
			list[i].name = string(f([]byte(list[i].Name())))
		}
	}
}

// SectionPointer is the JSON pointer of a section of a config dump, if it has it.
func (d *Dump) SectionPointer(section Section) (pointer string, ok bool) {
	pointer, ok = d.places[place{section: section}]
	return pointer, ok
}

// ListPointer is the JSON pointer of the list of a section that holds resources in
// one state, if the dump has it.
func (d *Dump) ListPointer(section Section, state State) (pointer string, ok bool) {
	pointer, ok = d.places[place{section, state, true}]
	return pointer, ok
}

// IsCamel tells whether the fields of the dump are spelt as in protobuf's JSON, as
// istiod does, and not as Envoy does.
func (d *Dump) IsCamel() bool {
	for _, pointer := range d.places {
		if field := pointer[strings.LastIndexByte(pointer, '/')+1:]; strings.ToLower(field) != field {
			return true
		}
	}
	return false
}

// ConfigCount is the number of sections of a config dump, known ones and others.
func (d *Dump) ConfigCount() int { return d.count }

// Need reports a section that the dump does not have, with what to do about it.
func (d *Dump) Need(section Section) error {
	if d.Seen.Has(section) {
		return nil
	}
	return &MissingError{Section: section, Kind: d.Kind}
}

// MissingError is the lack of a section in a dump.
type MissingError struct {
	Section Section
	Kind    Kind
}

func (e *MissingError) Error() string {
	text := fmt.Sprintf("this %s has no %s section", e.Kind, e.Section)
	switch {
	case e.Kind == ClustersDump:
		return text + ": /clusters lists endpoints only; take a dump from /config_dump"
	case e.Section == Endpoints:
		return "this dump was taken without include_eds: it has no endpoints; take it from /config_dump?include_eds, or give a dump of /clusters"
	case e.Section == ECDS:
		return text + ": the proxy has no filter that comes over extension discovery"
	case e.Section == Secrets:
		return text + ": the proxy has no secrets from secret discovery, or the dump was cut down to other sections"
	}
	return text + "; the dump may have been cut down (resource= or mask=)"
}

// Name is the name of the resource, for endpoints the name of their cluster.
func (r *Resource) Name() string {
	if r.name == "" {
		var named struct {
			Name    string `json:"name"`
			Cluster string `json:"cluster_name"`
		}
		if xds.Decode(r.Body, &named) == nil {
			r.name = named.Name + named.Cluster
		}
	}
	return r.name
}

func unquote(raw []byte) (string, error) {
	out, err := jsontext.AppendUnquote(nil, raw)
	return string(out), err
}

// pointer escapes one token of a JSON pointer.
func pointer(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}
