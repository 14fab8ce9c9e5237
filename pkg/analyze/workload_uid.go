package analyze

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// proxyUID is the user as which the sidecar runs. Its traffic is not
// captured, or the sidecar would capture its own.
const proxyUID = 1337

func workloadUID() Analyzer {
	return Analyzer{
		Name:  "applicationUID.Analyzer",
		Doc:   "Applications do not run as the sidecar's user",
		Codes: []string{"IST0144"},
		Needs: []schema.GroupKind{istio.Deployment, istio.Pod},

		OfParts: true,
		Run: func(m *Mesh) []Finding {
			var findings []Finding
			for _, pod := range views[podSpec](m, istio.Pod) {
				findings = append(findings, checkUIDs(pod.Object, pod.Spec, "spec")...)
			}
			for _, d := range views[controllerSpec](m, istio.Deployment) {
				findings = append(findings, checkUIDs(d.Object, &d.Spec.Template.Spec, "spec", "template", "spec")...)
			}
			return findings
		},
	}
}

func checkUIDs(o *resource.Object, spec *podSpec, at ...any) []Finding {
	if ofControlPlane(o) {
		return nil
	}
	isProxy := func(s securityContext) bool { return s.RunAsUser != nil && *s.RunAsUser == proxyUID }
	const message = "user 1337 is the sidecar's: traffic of this container is not captured"
	if isProxy(spec.SecurityContext) {
		return []Finding{found("IST0144", o, path(at...).Child("securityContext", "runAsUser"), message)}
	}
	for i, c := range spec.Containers {
		if c.Name != istio.ProxyContainer && c.Name != "istio-operator" && isProxy(c.SecurityContext) {
			return []Finding{found("IST0144", o, path(at...).Child("containers", resource.Index(i), "securityContext", "runAsUser"), message)}
		}
	}
	return nil
}
