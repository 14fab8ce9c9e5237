package envoy

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// entries returns the entries of the repeated field with a name, from
// whichever section has it.
func entries(sections []proto.Message, field string) ([]proto.Message, bool) {
	for _, section := range sections {
		m := section.ProtoReflect()
		f := m.Descriptor().Fields().ByName(protoreflect.Name(field))
		if f == nil || !f.IsList() || f.Message() == nil {
			continue
		}
		var found []proto.Message
		for i := range m.Get(f).List().Len() {
			found = append(found, m.Get(f).List().Get(i).Message().Interface())
		}
		return found, true
	}
	return nil, false
}

// filterNames drops the entries of a section whose resource has a name that
// the pattern does not match.
func filterNames(section proto.Message, pattern *regexp.Regexp) {
	m := section.ProtoReflect()
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		if !f.IsList() || f.Message() == nil || !m.Has(f) {
			continue
		}
		list := m.Mutable(f).List()
		kept := 0
		for j := range list.Len() {
			if pattern.MatchString(nameOf(list.Get(j).Message())) {
				list.Set(kept, list.Get(j))
				kept++
			}
		}
		list.Truncate(kept)
	}
}

// nameOf returns the name of an entry of a dump: its own, or that of what is
// packed in it.
func nameOf(entry protoreflect.Message) string {
	for _, field := range []protoreflect.Name{"name", "cluster_name"} {
		if f := entry.Descriptor().Fields().ByName(field); f != nil && entry.Get(f).String() != "" {
			return entry.Get(f).String()
		}
	}
	name := ""
	entry.Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		inner, ok := v.Interface().(protoreflect.Message)
		if !ok {
			return true
		}
		packed, ok := inner.Interface().(*anypb.Any)
		if !ok {
			return true
		}
		if m, err := packed.UnmarshalNew(); err == nil {
			name = nameOf(m.ProtoReflect())
		}
		return name == ""
	})
	return name
}

// trim keeps only the fields that a mask names (a.b,c), looking through lists
// and packed messages. Paths that a message does not have are passed over.
func trim(message proto.Message, mask string) error {
	paths := strings.Split(mask, ",")
	for _, path := range paths {
		if path == "" {
			return fmt.Errorf("invalid mask %q: empty path", mask)
		}
	}
	keepOnly(message.ProtoReflect(), paths)
	return nil
}

func keepOnly(m protoreflect.Message, paths []string) {
	if packed, ok := m.Interface().(*anypb.Any); ok {
		inner, err := packed.UnmarshalNew()
		if err != nil {
			return
		}
		keepOnly(inner.ProtoReflect(), paths)
		packed.Value = pack(inner).GetValue()
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		var deeper []string
		whole := false
		for _, path := range paths {
			head, rest, more := strings.Cut(path, ".")
			if head != string(f.Name()) {
				continue
			}
			if more {
				deeper = append(deeper, rest)
			} else {
				whole = true
			}
		}
		switch {
		case whole:
		case len(deeper) == 0:
			m.Clear(f)
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				keepOnly(v.List().Get(i).Message(), deeper)
			}
		case !f.IsList() && !f.IsMap() && f.Message() != nil:
			keepOnly(v.Message(), deeper)
		}
		return true
	})
}
