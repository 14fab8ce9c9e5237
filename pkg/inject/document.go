package inject

import (
	"bytes"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
)

// subject is an object on its way through; comment is what injection has left
// above it for uninject.
type subject struct {
	kind    schema.GroupVersionKind
	object  *resource.Object
	comment []byte
}

// outcome is what became of a subject. Without object it stays as it is.
type outcome struct {
	object  any
	comment []byte
	report  Report
}

type changeFunc = func(subject) outcome

// change runs the objects of a document through a function and, if it changes
// one of them, writes the document anew. Comments above the object stay.
func (d *document) change(file string, change changeFunc) {
	var repeated []string
	for _, p := range d.problems {
		if !p.Repeated {
			d.foreignOrBroken(file)
			return
		}
		repeated = append(repeated, fmt.Sprintf("line %d: %s, the other", p.Origin.Line, p.Message))
	}
	if d.Blank() || len(d.objects) == 0 {
		return
	}
	comments, patches := readOriginals(leadingComments(d.Body))
	objects := make([]any, len(d.objects))
	changed, failed := false, false
	for n, o := range d.objects {
		result := change(subject{schema.FromAPIVersionAndKind(o.APIVersion(), o.Kind), o, patches[n]})
		if result.object != nil {
			result.report.Lost = append(result.report.Lost, repeated...)
		}
		d.reports = append(d.reports, result.report)
		objects[n] = result.object
		failed = failed || result.report.Err != nil
		changed = changed || result.object != nil
		comment := result.comment
		if result.object == nil {
			comment = patches[n]
		}
		if comment != nil {
			comments = append(comments[:len(comments):len(comments)], writeOriginal(n, comment)...)
		}
	}
	switch {
	case failed:
		d.out = []byte{}
	case changed && d.splice(comments, objects):
	case changed:
		text, err := d.encode(bytes.ReplaceAll(comments, []byte("\r\n"), []byte("\n")), objects)
		if err != nil {
			d.reports = append(d.reports, Report{File: file, Line: d.Line}.fail(err))
			d.out = []byte{}
			return
		}
		if d.crlf() {
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		}
		d.out = text
	}
}

// crlf says whether the document's lines end as on Windows.
func (d *document) crlf() bool {
	end := bytes.IndexByte(d.Body, '\n')
	return end > 0 && d.Body[end-1] == '\r'
}

// encode writes the document anew, with comments above it.
func (d *document) encode(comments []byte, objects []any) ([]byte, error) {
	object := objects[0]
	if d.isList() {
		var err error
		if object, err = d.list(objects); err != nil {
			return nil, err
		}
	}
	return encodeYAML(comments, object, 0)
}

// foreignOrBroken tells documents that are no objects, which are none of our
// business, from those that are no YAML, and from workloads that cannot be
// read: they must not get through without a proxy.
func (d *document) foreignOrBroken(file string) {
	var header map[string]any
	err := yaml.Unmarshal(d.Body, &header)
	var any any
	if err != nil && yaml.Unmarshal(d.Body, &any) == nil || err == nil && !holdsPods(header) {
		d.reports = append(d.reports, Report{File: file, Line: d.Line, Outcome: Foreign, Reason: d.problems[0].Message})
		return
	}
	for _, p := range d.problems {
		r := Report{File: p.Origin.File, Line: p.Origin.Line}.fail(p)
		r.Reason = p.Message
		d.reports = append(d.reports, r)
	}
	d.out = []byte{}
}

// holdsPods says whether an object is of a kind that is injected, or a List,
// in which there may be one.
func holdsPods(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	gvk := schema.FromAPIVersionAndKind(version, kind)
	return newObject(gvk) != nil || isUntyped(gvk) || strings.HasSuffix(kind, "List") && object["items"] != nil
}
