package analyze

import (
	"maps"
	"slices"
	"strings"

	"istio.io/api/annotation"
	"istio.io/api/label"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func annotationsOfWorkloads() Analyzer {
	return Analyzer{
		Name:  "annotations.K8sAnalyzer",
		Doc:   "The mesh's annotations are known, in the right place and have a usable value",
		Codes: []string{"IST0107", "IST0108", "IST0125", "IST0135"},
		Needs: []schema.GroupKind{istio.Deployment, istio.Namespace, istio.Pod, istio.Service},

		OfParts: true,
		Run: func(m *Mesh) []Finding {
			known := map[string]*annotation.Instance{}
			for _, a := range annotation.AllResourceAnnotations() {
				known[a.Name] = a
			}
			var findings []Finding
			for _, kind := range []schema.GroupKind{istio.Namespace, istio.Service, istio.Pod, istio.Deployment} {
				for _, o := range m.Of(kind) {
					for _, name := range slices.Sorted(maps.Keys(o.Annotations)) {
						if isMeshAnnotation(name) && !writtenByMesh(name) {
							findings = append(findings, annotated{o, o.Kind, o.Labels, o.Annotations, path("metadata")}.check(name, known)...)
						}
					}
				}
			}
			for _, w := range m.workloads().all {
				if w.Pod {
					continue // done above
				}
				// The pods that a template makes will carry its annotations.
				template := annotated{w.Object, istio.Pod.Kind, w.Labels, w.Annotations, path("spec", "template", "metadata")}
				for _, name := range slices.Sorted(maps.Keys(w.Annotations)) {
					if isMeshAnnotation(name) && !writtenByMesh(name) {
						findings = append(findings, template.check(name, known)...)
					}
				}
			}
			return findings
		},
	}
}

func isMeshAnnotation(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return strings.HasSuffix(domain, "istio.io") || name == "kubernetes.io/ingress.class"
}

// writtenByMesh reports whether the control plane itself sets an annotation.
func writtenByMesh(name string) bool {
	switch name {
	case annotation.SidecarStatus.Name, annotation.GatewayControllerVersion.Name, annotation.IoIstioRev.Name:
		return true
	}
	return false
}

// isLabel reports whether a name is that of a label of the mesh.
func isLabel(name string) bool {
	return slices.ContainsFunc(label.AllResourceLabels(), func(l *label.Instance) bool { return l.Name == name })
}

// annotated is an object with annotations, or a template for pods in one.
type annotated struct {
	*resource.Object
	kind                string // of what carries the annotations
	labels, annotations map[string]string
	metadata            resource.FieldPath
}

func (o annotated) check(name string, known map[string]*annotation.Instance) []Finding {
	field := append(slices.Clone(o.metadata), "annotations", name)
	a := known[name]
	if a == nil && isLabel(name) {
		return []Finding{found("IST0108", o.Object, field, "annotation %q is not known: it has to be a label", name)}
	}
	if a == nil {
		names := slices.Sorted(maps.Keys(known))
		f := found("IST0108", o.Object, field, "annotation %q is not known%s", name, didYouMean(name, names))
		f.Fix = spellingFix(o.Object, field, names)
		return []Finding{f}
	}
	var findings []Finding
	if _, replaced := o.labels[istio.SidecarInject]; a.Deprecated && !(replaced && name == annotation.SidecarInject.Name) {
		instead := ""
		if name == annotation.SidecarInject.Name {
			instead = ": use the label of the same name"
		}
		findings = append(findings, found("IST0135", o.Object, field, "annotation %q is deprecated%s", name, instead))
	}
	var places []string
	for _, place := range a.Resources {
		if place == annotation.Any {
			return findings
		}
		if place != annotation.Unknown {
			places = append(places, place.String())
		}
	}
	if !slices.Contains(places, o.kind) {
		return append(findings, found("IST0107", o.Object, field, "annotation %q has no effect here, only on %s", name, strings.Join(places, ", ")))
	}
	if err := checkAnnotationValue(name, o.annotations[name]); err != nil {
		findings = append(findings, found("IST0125", o.Object, field, "annotation %q has the value %q: %v", name, o.annotations[name], err))
	}
	return findings
}
