package analyze

import (
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func virtualServiceTimeouts() Analyzer {
	return Analyzer{
		Name:  "virtualservice.TimeoutAnalyzer",
		Doc:   "Retries fit into the timeout of their route, and no fault is left on",
		Codes: []string{"MSH0103", "MSH0104"},
		Needs: []schema.GroupKind{istio.VirtualService},
		Run:   checkTimeouts,
	}
}

func checkTimeouts(m *Mesh) []Finding {
	var findings []Finding
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		for i, route := range vs.Spec.GetHttp() {
			at := path("spec", "http", i)
			timeout, retries := route.GetTimeout().AsDuration(), route.GetRetries()
			perTry := retries.GetPerTryTimeout().AsDuration()
			tries := time.Duration(retries.GetAttempts()) + 1 // the first one is no retry
			if timeout > 0 && perTry > 0 && perTry*tries > timeout {
				findings = append(findings, found("MSH0103", vs.Object, at.Child("retries", "perTryTimeout"),
					"%d tries of %s need %s, but the route's timeout is %s: only %d of them can end", tries, perTry, perTry*tries, timeout, timeout/perTry))
			}
			if affectsEverybody(route) {
				findings = append(findings, found("MSH0104", vs.Object, at.Child("fault"),
					"a fault is injected into the requests of everybody, not only of a test: is it still wanted?"))
			}
		}
	}
	return findings
}

// affectsEverybody reports whether a route has a fault and no condition but
// on the path, so that ordinary requests meet it.
func affectsEverybody(route *networking.HTTPRoute) bool {
	if route.GetFault() == nil {
		return false
	}
	for _, match := range route.GetMatch() {
		if len(match.GetHeaders()) > 0 || len(match.GetSourceLabels()) > 0 || match.GetSourceNamespace() != "" || len(match.GetQueryParams()) > 0 {
			return false
		}
	}
	return true
}
