// Package envoytypes checks values against the messages of Envoy's
// configuration, without linking the code of the hundreds of packages that
// define them.
package envoytypes

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

//go:generate go run ../../../../tools/envoytypes

//go:embed descriptors.binpb.gz
var packed []byte

// Types are the messages and enums of one version of Envoy, by full name.
type Types struct {
	messages map[string]*message
	enums    map[string]map[string]bool // values by name
}

type message struct {
	name   string
	isMap  bool
	fields map[string]*descriptorpb.FieldDescriptorProto // by both their names
}

// Load unpacks the types when first called.
var Load = sync.OnceValues(unpack)

func unpack() (*Types, error) {
	set, err := descriptions()
	if err != nil {
		return nil, fmt.Errorf("loading the types of Envoy's configuration: %w", err)
	}
	t := &Types{messages: map[string]*message{}, enums: map[string]map[string]bool{}}
	for _, f := range set.File {
		for _, m := range f.MessageType {
			t.addMessage(f.GetPackage(), m)
		}
		for _, e := range f.EnumType {
			t.addEnum(f.GetPackage(), e)
		}
	}
	return t, nil
}

func descriptions() (*descriptorpb.FileDescriptorSet, error) {
	unpacker, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(unpacker)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	return set, proto.Unmarshal(raw, set)
}

func (t *Types) addMessage(scope string, d *descriptorpb.DescriptorProto) {
	m := &message{
		name:   scope + "." + d.GetName(),
		isMap:  d.GetOptions().GetMapEntry(),
		fields: make(map[string]*descriptorpb.FieldDescriptorProto, len(d.Field)),
	}
	for _, f := range d.Field {
		m.fields[f.GetName()], m.fields[f.GetJsonName()] = f, f
	}
	t.messages[m.name] = m
	for _, nested := range d.NestedType {
		t.addMessage(m.name, nested)
	}
	for _, e := range d.EnumType {
		t.addEnum(m.name, e)
	}
}

func (t *Types) addEnum(scope string, d *descriptorpb.EnumDescriptorProto) {
	values := make(map[string]bool, len(d.Value))
	for _, v := range d.Value {
		values[v.GetName()] = true
	}
	t.enums[scope+"."+d.GetName()] = values
}

// Known reports whether Envoy has a message of the given name or type URL.
func (t *Types) Known(name string) bool { return t.find(name) != nil }

func (t *Types) find(name string) *message {
	return t.messages[name[strings.LastIndexByte(name, '/')+1:]]
}
