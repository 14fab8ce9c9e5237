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
		validationOf(istio.AuthorizationPolicy, func(o typed[security.AuthorizationPolicy]) []validation.Problem {
			return validation.AuthorizationPolicy(o.Spec)
		}),
		validationOf(istio.DestinationRule, func(o typed[networking.DestinationRule]) []validation.Problem {
			return validation.DestinationRule(o.Spec, o.Namespace)
		}),
		validationOf(istio.EnvoyFilter, func(o typed[networking.EnvoyFilter]) []validation.Problem { return validation.EnvoyFilter(o.Spec) }),
		validationOf(istio.Gateway, func(o typed[networking.Gateway]) []validation.Problem { return validation.Gateway(o.Spec, o.Name) }),
		validationOf(istio.PeerAuthentication, func(o typed[security.PeerAuthentication]) []validation.Problem {
			return validation.PeerAuthentication(o.Spec)
		}),
		validationOf(istio.ProxyConfig, func(o typed[networkingv1beta1.ProxyConfig]) []validation.Problem {
			return validation.ProxyConfig(o.Spec)
		}),
		validationOf(istio.RequestAuthentication, func(o typed[security.RequestAuthentication]) []validation.Problem {
			return validation.RequestAuthentication(o.Spec)
		}),
		validationOf(istio.ServiceEntry, func(o typed[networking.ServiceEntry]) []validation.Problem {
			return validation.ServiceEntry(o.Spec, o.Namespace, o.Labels)
		}),
		validationOf(istio.Sidecar, func(o typed[networking.Sidecar]) []validation.Problem { return validation.Sidecar(o.Spec, o.Namespace) }),
		validationOf(istio.Telemetry, func(o typed[telemetry.Telemetry]) []validation.Problem { return validation.Telemetry(o.Spec) }),
		validationOf(istio.TrafficExtension, func(o typed[extensions.TrafficExtension]) []validation.Problem {
			return validation.TrafficExtension(o.Spec)
		}),
		validationOf(istio.VirtualService, func(o typed[networking.VirtualService]) []validation.Problem {
			return validation.VirtualService(o.Spec, o.Namespace)
		}),
		validationOf(istio.WasmPlugin, func(o typed[extensions.WasmPlugin]) []validation.Problem { return validation.WasmPlugin(o.Spec) }),
		validationOf(istio.WorkloadEntry, func(o typed[networking.WorkloadEntry]) []validation.Problem { return validation.WorkloadEntry(o.Spec) }),
		validationOf(istio.WorkloadGroup, func(o typed[networking.WorkloadGroup]) []validation.Problem { return validation.WorkloadGroup(o.Spec) }),
	}
}

func validationOf[T any, M interface {
	*T
	proto.Message
}](kind schema.GroupKind, validate func(typed[T]) []validation.Problem) Analyzer {
	return Analyzer{
		Name:  "schema.ValidationAnalyzer." + kind.Kind,
		Doc:   "Objects of kind " + kind.Kind + " are valid",
		Codes: []string{"IST0106", "IST0130", "IST0131", "IST0133"},
		Needs: []schema.GroupKind{kind},
		Run: func(m *Mesh) []Finding {
			var findings []Finding
			for _, o := range specs[T, M](m, kind) {
				said := map[string]bool{}
				for _, p := range validate(o) {
					// One mistake made in several places of an object is one finding, at the first of them.
					if key := p.Code + p.Message; !said[key] {
						said[key] = true
						findings = append(findings, found(p.Code, o.Object, p.Field, "%s", p.Message))
					}
				}
			}
			return findings
		},
	}
}
