package inject

import (
	"bytes"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

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
	}, func(s subject) outcome { return i.object(s, known) })
}

// object injects one object.
func (i *Injector) object(s subject, known map[string]Namespace) outcome {
	report := reportOf(s.object)
	w, err := readWorkload(s.kind, s.object.JSON, i.options.Explicit)
	if err != nil {
		return outcome{report: report.at(s.object, err).fail(err)}
	}
	if w == nil {
		report.Outcome = Foreign
		return outcome{report: report}
	}
	pod := w.pod()
	namespace := firstOf(pod.Namespace, w.owner.Namespace, i.options.Namespace)
	if !i.options.Explicit {
		w.owner.Namespace = namespace
	}
	decision := i.Decide(pod, namespace, known)
	report.Steps = decision.Steps
	if !decision.Inject {
		report.Outcome, report.Reason = Skipped, decision.Reason
		return outcome{report: report}
	}
	ns, _ := i.namespace(namespace, known)
	injected, templates, comment, err := i.again(pod, w.owner, ns, s.comment)
	if err != nil {
		return outcome{report: report.at(s.object, err).fail(err)}
	}
	report.Outcome, report.Reason = Injected, decision.Reason
	report.Steps = append(report.Steps, i.Course(pod)...)
	report.Templates, report.Revision = templates, revisionName(i.options.Revision)
	report.Changed = injected != nil
	if injected == nil {
		return outcome{report: report}
	}
	if err := w.setPod(injected); err != nil {
		return outcome{report: report.fail(err)}
	}
	object, lost, err := w.result()
	if err != nil {
		return outcome{report: report.fail(err)}
	}
	report.Unknown, report.Lost = w.unknownIn(s.object), lost
	return outcome{object: object, comment: comment, report: report}
}

// again injects a pod that may have been injected before. No pod is given
// back for one that is up to date. Others are injected on top of what they
// have, as the webhook does.
func (i *Injector) again(pod *corev1.Pod, owner Owner, ns Namespace, comment []byte) (injected *corev1.Pod, templates []string, newComment []byte, err error) {
	if _, before := StatusOf(pod.Annotations); before {
		if first, err := original(pod, owner, comment); err == nil {
			fresh, templates, err := i.Pod(first, owner, ns)
			if err == nil && equality.Semantic.DeepEqual(fresh, pod) {
				return nil, templates, comment, nil
			}
		}
		injected, templates, err = i.Pod(pod, owner, ns)
		if err == nil && equality.Semantic.DeepEqual(injected, pod) {
			injected = nil
		}
		return injected, templates, comment, err
	}
	if injected, templates, err = i.Pod(pod, owner, ns); err != nil {
		return nil, nil, nil, err
	}
	newComment, err = untold(pod, injected, owner)
	return injected, templates, newComment, err
}

// document is one document of the input on its way through.
type document struct {
	resource.Document
	objects  []*resource.Object
	problems []*resource.Problem
	out      []byte // nil: as it was; empty: left out
	reports  []Report
}

// eachDocument reads a stream, lets prepare look at all of it, changes the
// objects one by one and puts the stream together again.
func eachDocument(file string, text []byte, prepare func([]*document),
	change changeFunc,
) Result {
	split := resource.SplitDocuments(text)
	docs := make([]*document, len(split))
	for n, content := range resource.ParseDocuments(file, split) {
		docs[n] = &document{Document: split[n], objects: content.Objects, problems: content.Problems}
	}
	prepare(docs)
	parallel(len(docs), func(n int) { docs[n].change(file, change) })

	var result Result
	var out bytes.Buffer
	size := 0
	for _, d := range docs {
		size += len(d.Separator) + 1 + max(len(d.Body), len(d.out))
	}
	out.Grow(size)
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
