package inject

import (
	"errors"
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// Outcome is what became of a document.
type Outcome string

// The outcomes.
const (
	Injected Outcome = "injected"
	Skipped  Outcome = "skipped"  // a workload that is not to be injected
	Foreign  Outcome = "foreign"  // no workload: passed through byte for byte
	Failed   Outcome = "failed"   // left out of the output
	Restored Outcome = "restored" // uninject has taken the proxy out
)

// Report tells what became of one object and why.
type Report struct {
	File      string   `json:"file,omitempty"`
	Line      int      `json:"line,omitempty"`
	Kind      string   `json:"kind,omitempty"`
	Namespace string   `json:"namespace,omitempty"`
	Name      string   `json:"name,omitempty"`
	Outcome   Outcome  `json:"outcome"`
	Reason    string   `json:"reason,omitempty"`
	Templates []string `json:"templates,omitempty"`
	Revision  string   `json:"revision,omitempty"`
	Changed   bool     `json:"changed"`
	Steps     []Step   `json:"steps,omitempty"`
	// Unknown are fields that the kind does not have. They stay as they are.
	Unknown []Field `json:"unknown,omitempty"`
	// Lost are fields of the input that are not in the output: of those that
	// were given twice, one, and unknown ones in something that was replaced.
	Lost []string `json:"lost,omitempty"`

	// Err is set for the outcome Failed.
	Err error `json:"-"`
}

// Field is a field of the input.
type Field struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
}

func reportOf(o *resource.Object) Report {
	name := o.Name
	if name == "" {
		name = o.GenerateName
	}
	return Report{File: o.Origin.File, Line: o.Origin.Line, Kind: o.Kind, Namespace: o.Namespace, Name: name}
}

func (r Report) fail(err error) Report {
	r.Outcome, r.Reason, r.Err = Failed, err.Error(), err
	return r
}

// at moves a report on a field or an annotation to its line.
func (r Report) at(o *resource.Object, err error) Report {
	if field := (*fieldError)(nil); errors.As(err, &field) {
		r.Line = o.FieldOrigin(field.path).Line
		return r
	}
	name := ""
	var several AnnotationErrors
	var one *AnnotationError
	switch {
	case errors.As(err, &several):
		name = several[0].Name
	case errors.As(err, &one):
		name = one.Name
	default:
		return r
	}
	for _, path := range []resource.FieldPath{
		{}, {"spec", "template"}, {"spec", "jobTemplate"}, {"spec", "jobTemplate", "spec", "template"},
	} {
		path = path.Child("metadata", "annotations")
		annotations, own := o.FieldOrigin(path), o.FieldOrigin(path.Child(name))
		if own != annotations {
			r.Line = own.Line
		}
	}
	return r
}

// Place is "file:line".
func (r Report) Place() string {
	return resource.Origin{File: r.File, Line: r.Line}.String()
}

// Object is "Kind namespace/name".
func (r Report) Object() string {
	name := r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + name
	}
	return strings.TrimSpace(r.Kind + " " + name)
}

// Remark is one thing that a report has to say, and the line of the input that
// it is about; 0 if that is not known.
type Remark struct {
	File string
	Line int
	Text string
}

// String is the remark as one line, beginning with its place.
func (r Remark) String() string {
	return resource.Origin{File: r.File, Line: r.Line}.String() + ": " + r.Text
}

// Remarks are what the report says to people: what became of the object first,
// then warnings.
func (r Report) Remarks() []Remark {
	remarks := []Remark{{r.File, r.Line, r.text()}}
	for _, field := range r.Unknown {
		text := fmt.Sprintf("warning: %s: unknown field %q is left as it is", r.Object(), field.Path)
		remarks = append(remarks, Remark{r.File, field.Line, text})
	}
	for _, field := range r.Lost {
		text := fmt.Sprintf("warning: %s: %s is left out of the output", r.Object(), field)
		remarks = append(remarks, Remark{r.File, r.Line, text})
	}
	return remarks
}

func (r Report) text() string {
	if r.Outcome == Foreign && r.Reason != "" {
		return "copied as it is: " + r.Reason
	}
	text := strings.TrimSpace(r.Object() + " " + string(r.Outcome))
	switch {
	case r.Outcome == Injected:
		text += fmt.Sprintf(" with %s, revision %s", strings.Join(r.Templates, "+"), r.Revision)
	case r.Reason != "":
		text += ": " + r.Reason
	}
	return text
}

// String is the report for people, one line a remark.
func (r Report) String() string {
	var lines []string
	for _, remark := range r.Remarks() {
		lines = append(lines, remark.String())
	}
	return strings.Join(lines, "\n")
}
