package analyze

import (
	"google.golang.org/protobuf/proto"
	extensions "istio.io/api/extensions/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1beta1 "istio.io/api/networking/v1beta1"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/pkg/analyze/validation"
)

// schemaAnalyzers check each kind of the mesh against the rules that its CRD
// does not express.
func schemaAnalyzers() []Analyzer {
	return []Analyzer{
		validationOf[security.AuthorizationPolicy](istio.AuthorizationPolicy),
		validationOf[networking.DestinationRule](istio.DestinationRule),
		validationOf[networking.EnvoyFilter](istio.EnvoyFilter),
		validationOf[networking.Gateway](istio.Gateway),
		validationOf[security.PeerAuthentication](istio.PeerAuthentication),
		validationOf[networkingv1beta1.ProxyConfig](istio.ProxyConfig),
		validationOf[security.RequestAuthentication](istio.RequestAuthentication),
		validationOf[networking.ServiceEntry](istio.ServiceEntry),
		validationOf[networking.Sidecar](istio.Sidecar),
		validationOf[telemetry.Telemetry](istio.Telemetry),
		validationOf[extensions.TrafficExtension](istio.TrafficExtension),
		validationOf[networking.VirtualService](istio.VirtualService),
		validationOf[extensions.WasmPlugin](istio.WasmPlugin),
		validationOf[networking.WorkloadEntry](istio.WorkloadEntry),
		validationOf[networking.WorkloadGroup](istio.WorkloadGroup),
	}
}

func validationOf[T any, M interface {
	*T
	proto.Message
}](kind schema.GroupKind) Analyzer {
	return Analyzer{
		Name:  "schema.ValidationAnalyzer." + kind.Kind,
		Doc:   "Objects of kind " + kind.Kind + " are valid",
		Codes: []string{"IST0106", "IST0130", "IST0131", "IST0133"},
		Needs: []schema.GroupKind{kind},
		Run: func(m *Mesh) []Finding {
			var findings []Finding
			for _, o := range specs[T, M](m, kind) {
				said := map[string]bool{}
				for _, issue := range validation.ValidateSpec(o.Object, M(o.Spec)) {
					// One mistake made in several places of an object is one finding, at the first of them.
					if key := issue.Code + issue.Message; !said[key] {
						said[key] = true
						findings = append(findings, found(issue.Code, o.Object, issue.Path, "%s", issue.Message))
					}
				}
			}
			return findings
		},
	}
}
