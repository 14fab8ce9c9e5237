package inject

import (
	"bytes"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// Result is a stream after injection.
type Result struct {
	YAML    []byte
	Reports []Report // one an object, in the order of the input
}

// Failures are the reports of what could not be injected.
func (r Result) Failures() []Report {
	return slices.DeleteFunc(slices.Clone(r.Reports), func(report Report) bool { return report.Err == nil })
}

// Stream injects the workloads of a YAML or JSON stream; file is its name in
// reports. Documents that are no workloads, and workloads that are not to be
// injected, are copied byte for byte. A document that fails is left out, so
// that nothing is deployed that ought to have a proxy and has none; the
// others are handled all the same.
func (i *Injector) Stream(file string, text []byte) Result {
	known := map[string]Namespace{}
	return eachDocument(file, text, func(docs []*document) {
		for _, d := range docs {
			for _, o := range d.objects {
				if o.Kind == "Namespace" && o.Group == "" {
					known[o.Name] = Namespace{Labels: o.Labels, Annotations: o.Annotations}
				}
			}
		}
	}, func(kind schema.GroupVersionKind, o *resource.Object) (any, Report) {
		return i.object(kind, o, known)
	})
}

// object injects one object; no object is given back for one that stays as it is.
func (i *Injector) object(kind schema.GroupVersionKind, o *resource.Object, known map[string]Namespace) (any, Report) {
	report := reportOf(o)
	w, err := readWorkload(kind, o.JSON)
	if err != nil {
		return nil, report.fail(err)
	}
	if w == nil {
		report.Outcome = Foreign
		return nil, report
	}
	pod := w.pod()
	namespace := pod.Namespace
	if namespace == "" {
		namespace = w.owner.Namespace
	}
	decision := i.Decide(pod, namespace, known)
	report.Steps = decision.Steps
	if !decision.Inject {
		report.Outcome, report.Reason = Skipped, decision.Reason
		return nil, report
	}
	injected, templates, err := i.Pod(pod, w.owner)
	if err != nil {
		return nil, report.fail(err)
	}
	if err := w.setPod(injected); err != nil {
		return nil, report.fail(err)
	}
	report.Outcome, report.Reason, report.Lost = Injected, decision.Reason, w.lost
	report.Changed = !equality.Semantic.DeepEqual(pod, injected)
	report.Templates, report.Revision = templates, revisionName(i.options.Revision)
	return w.object, report
}

// document is one document of the input on its way through.
type document struct {
	resource.Document
	objects  []*resource.Object
	problems []*resource.Problem
	out      []byte // nil: as it was
	reports  []Report
}

// eachDocument reads a stream, lets prepare look at all of it, changes the
// objects one by one and puts the stream together again.
func eachDocument(file string, text []byte, prepare func([]*document),
	change changeFunc,
) Result {
	var docs []*document
	for _, d := range resource.SplitDocuments(text) {
		docs = append(docs, &document{Document: d})
	}
	parallel(len(docs), func(n int) {
		d := docs[n]
		d.objects, d.problems = resource.ParseDocument(file, d.Document)
	})
	prepare(docs)
	parallel(len(docs), func(n int) { docs[n].change(file, change) })

	var result Result
	var out bytes.Buffer
	out.Grow(len(text))
	for _, d := range docs {
		d.write(&out)
		result.Reports = append(result.Reports, d.reports...)
	}
	result.YAML = out.Bytes()
	return result
}

// write copies a document or puts its new text in its place. Comments above
// the object stay.
func (d *document) write(out *bytes.Buffer) {
	if d.out == nil {
		out.Write(d.Separator)
		out.Write(d.Body)
		return
	}
	if len(d.out) == 0 {
		return // failed
	}
	out.Write(d.Separator)
	if n := len(d.Separator); n > 0 && d.Separator[n-1] != '\n' {
		out.WriteByte('\n')
	}
	out.Write(leadingComments(d.Body))
	out.Write(d.out)
}

func leadingComments(body []byte) []byte {
	end := 0
	for line := range bytes.Lines(body) {
		text := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		if len(text) > 0 && text[0] != '#' {
			break
		}
		end += len(line)
	}
	return bytes.TrimPrefix(body[:end], []byte("\ufeff"))
}

// parallel calls f for 0..n-1 on all cores.
func parallel(n int, f func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for at := int(next.Add(1)) - 1; at < n; at = int(next.Add(1)) - 1 {
				f(at)
			}
		})
	}
	wg.Wait()
}
