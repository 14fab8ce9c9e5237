package resource

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const byteOrderMark = "\xef\xbb\xbf"

// Parse reads all objects of a YAML or JSON stream. Items of Lists become
// objects of their own. A document that cannot be read becomes a Problem and
// does not keep the others from being read. Order is that of the stream.
func Parse(file string, stream []byte) ([]*Object, []*Problem) {
	if at := bytes.IndexByte(stream, 0); at >= 0 {
		line := 1 + bytes.Count(stream[:at], []byte("\n"))
		return nil, []*Problem{problemf(Origin{File: file, Line: line}, "binary data where YAML or JSON is expected")}
	}
	var objects []*Object
	var problems []*Problem
	for _, content := range ParseDocuments(file, SplitDocuments(stream)) {
		objects = append(objects, content.Objects...)
		problems = append(problems, content.Problems...)
	}
	return objects, problems
}

// Content is what one document holds; see [ParseDocument].
type Content struct {
	Objects  []*Object
	Problems []*Problem
}

// ParseDocuments reads each of some documents of a file, on all cores.
func ParseDocuments(file string, docs []Document) []Content {
	contents := make([]Content, len(docs))
	inRuns(len(docs), func(from, to int) {
		var r reader
		for i := from; i < to; i++ {
			contents[i].Objects, contents[i].Problems = r.document(file, docs[i])
		}
	})
	return contents
}

// ParseDocument reads the objects of one document: none if it is blank,
// several if it is a List. A key that is given twice is a problem, but the
// object is read all the same, with the last value.
func ParseDocument(file string, doc Document) ([]*Object, []*Problem) {
	return new(reader).document(file, doc)
}

// reader reads documents one after the other, in the same memory.
type reader struct {
	plain plainParser
	json  bytes.Buffer
}

func (r *reader) document(file string, doc Document) ([]*Object, []*Problem) {
	if doc.Blank() {
		return nil, nil
	}
	// The one copy that stays: names, labels and places refer to it, and the
	// stream can go.
	text := string(doc.Body)
	root, err := r.node(text)
	if err != nil {
		return nil, []*Problem{YAMLProblem(file, doc.Line, err)}
	}
	p := &parser{file: file, body: text, line: doc.Line, budget: expansionLimit(len(doc.Body)), json: &r.json}
	p.add(root, nil, schema.GroupVersionKind{})
	return p.objects, p.problems
}

func (r *reader) node(text string) (*yaml.Node, error) {
	if plain := r.plain.read(text); plain != nil {
		return plain, nil
	}
	return fullNode(text)
}

// parseNode is a document as a tree with positions.
func parseNode(text string) (*yaml.Node, error) { return new(reader).node(text) }

// fullNode is parseNode for documents of any form. The YAML library can
// panic on hostile input; that must not end the program.
func fullNode(text string) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	// JSON may be indented by tabs, which YAML forbids; a blank has the same width for positions.
	if trimmed := strings.TrimLeft(text, "\ufeff \t\r\n"); trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		text = strings.ReplaceAll(text, "\t", " ")
	}
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var node yaml.Node
	if err := decoder.Decode(&node); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("no content")
		}
		return nil, err
	}
	var next yaml.Node
	if err := decoder.Decode(&next); err == nil {
		return nil, fmt.Errorf("line %d: content after the end of the document; is a `---` missing?", next.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		return node.Content[0], nil
	}
	return &node, nil
}

// parser turns one document's tree into objects.
type parser struct {
	file     string
	body     string
	line     int // of the file on which the text starts
	budget   int
	json     *bytes.Buffer // for the JSON of one object at a time
	objects  []*Object
	problems []*Problem
}

func (p *parser) origin(n *yaml.Node) Origin {
	return Origin{File: p.file, Line: p.line + n.Line - 1, Column: n.Column}
}

func (p *parser) problemf(n *yaml.Node, format string, args ...any) {
	p.problems = append(p.problems, problemf(p.origin(n), format, args...))
}

// add reads the object at a node; at is its place in a List. An object that
// says neither is of the kind inherited, if there is one.
func (p *parser) add(n *yaml.Node, at *place, inherited schema.GroupVersionKind) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		p.problemf(n, "expected an object with apiVersion and kind, found %s", describe(n))
		return
	}
	obj := &Object{Origin: p.origin(n), source: source{p.body, p.line, at}}
	silent, ok := p.header(n, obj, inherited)
	if !ok {
		return
	}
	// Lists of any kind ("List", "ServiceList") with items are unpacked, as kubectl does.
	if items, _ := step(n, "items"); isList(obj.Kind) && items != nil {
		for items.Kind == yaml.AliasNode {
			items = items.Alias
		}
		if items.Kind == yaml.SequenceNode {
			if at == nil {
				at = &place{tree: &sharedTree{}}
			}
			for i, item := range items.Content {
				p.add(item, &place{at.path.Child("items", Index(i)), at.tree}, itemKind(obj))
			}
			return
		}
	}
	p.json.Reset()
	enc := encoder{budget: p.budget, out: p.json}
	if err := enc.encode(n, 0); err != nil {
		p.problemf(n, "%v", err)
		return
	}
	for _, key := range enc.repeated {
		twice := problemf(p.origin(key), "key %q is given twice in one mapping: only the last value counts", key.Value)
		twice.Repeated = true
		p.problems = append(p.problems, twice)
	}
	p.budget = enc.budget
	obj.JSON = bytes.Clone(enc.out.Bytes())
	if silent {
		obj.JSON = withKind(obj)
	}
	p.objects = append(p.objects, obj)
}

// itemKind is the kind of a list's items that name none: the API server leaves
// it out of what it lists. Items of a plain List have to name theirs.
func itemKind(list *Object) schema.GroupVersionKind {
	kind := strings.TrimSuffix(list.Kind, "List")
	if kind == "" {
		return schema.GroupVersionKind{}
	}
	return schema.GroupVersionKind{Group: list.Group, Version: list.Version, Kind: kind}
}

// withKind is the JSON of an object that does not name its kind, with it.
func withKind(o *Object) []byte {
	kind := fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q`, o.APIVersion(), o.Kind)
	if rest := o.JSON[1:]; rest[0] != '}' {
		return slices.Concat(kind, []byte(","), rest)
	}
	return append(kind, '}')
}

func isList(kind string) bool {
	return kind == "List" || len(kind) > len("List") && kind[len(kind)-len("List"):] == "List"
}

// header reads apiVersion, kind and metadata; a wrong type there makes the
// object unusable. An object that names neither apiVersion nor kind is silent.
func (p *parser) header(n *yaml.Node, obj *Object, inherited schema.GroupVersionKind) (silent, ok bool) {
	before := len(p.problems)
	apiVersion := p.text(n, "apiVersion")
	obj.Kind = p.text(n, "kind")
	if inherited.Kind != "" && !has(n, "apiVersion") && !has(n, "kind") {
		silent = true
		apiVersion, obj.Kind = inherited.ToAPIVersionAndKind()
	}
	if len(p.problems) == before && (obj.Kind == "" || apiVersion == "") {
		p.problemf(n, "expected an object with apiVersion and kind, found neither or only one of them")
	}
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		p.problemf(n, "apiVersion %q: expected VERSION or GROUP/VERSION", apiVersion)
	}
	obj.Group, obj.Version = gv.Group, gv.Version
	if meta, _ := step(n, "metadata"); meta != nil {
		obj.Name = p.text(meta, "name")
		obj.GenerateName = p.text(meta, "generateName")
		obj.Namespace = p.text(meta, "namespace")
		obj.Labels = p.texts(meta, "labels")
		obj.Annotations = p.texts(meta, "annotations")
	}
	return silent, len(p.problems) == before
}

func has(n *yaml.Node, field string) bool {
	v, _ := step(n, field)
	return v != nil
}

// text is a string field; "" when it is absent or null.
func (p *parser) text(n *yaml.Node, field string) string {
	v, _ := step(n, field)
	if v == nil {
		return ""
	}
	for v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	if v.Kind == yaml.ScalarNode {
		if kind := scalarKind(v); kind == stringScalar {
			return v.Value
		} else if kind == nullScalar {
			return ""
		}
	}
	p.problemf(v, "%s: expected a string, found %s", field, describe(v))
	return ""
}

// texts is a map of strings to strings.
func (p *parser) texts(n *yaml.Node, field string) map[string]string {
	v, _ := step(n, field)
	if v == nil {
		return nil
	}
	for v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	if v.Kind == yaml.ScalarNode && scalarKind(v) == nullScalar {
		return nil
	}
	if v.Kind != yaml.MappingNode {
		p.problemf(v, "%s: expected a map of strings, found %s", field, describe(v))
		return nil
	}
	m := make(map[string]string, len(v.Content)/2)
	for i := 0; i+1 < len(v.Content); i += 2 {
		key := v.Content[i].Value
		m[key] = p.text(v, key)
	}
	return m
}
