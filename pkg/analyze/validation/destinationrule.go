package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// DestinationRule checks a DestinationRule of a namespace.
func DestinationRule(rule *networking.DestinationRule, namespace string) []Problem {
	r := &report{}
	r.check(sub(spec(), "host"), checkDomain(rule.GetHost()))
	r.trafficPolicy(sub(spec(), "trafficPolicy"), rule.GetTrafficPolicy(), namespace)
	seen := map[string]bool{}
	for i, subset := range rule.GetSubsets() {
		at := sub(spec(), "subsets", i)
		if subset == nil {
			r.errorf(at, "a subset must not be null")
			continue
		}
		if seen[subset.GetName()] {
			r.errorf(sub(at, "name"), "subset %q is defined twice", subset.GetName())
		}
		seen[subset.GetName()] = true
		if !isLabel(subset.GetName()) {
			r.errorf(sub(at, "name"), "subset name %q is not a DNS label", subset.GetName())
		}
		r.labels(sub(at, "labels"), subset.GetLabels())
		r.withoutWarnings(func() { r.trafficPolicy(sub(at, "trafficPolicy"), subset.GetTrafficPolicy(), namespace) })
	}
	scopes := r.exportTo(rule.GetExportTo(), namespace, false)
	if rule.GetWorkloadSelector() != nil {
		r.exportToWithSelector(scopes, namespace)
	}
	r.ruleSelector(rule)
	return r.problems
}

func (r *report) ruleSelector(rule *networking.DestinationRule) {
	selector := rule.GetWorkloadSelector()
	if selector == nil {
		return
	}
	r.pairs(sub(spec(), "workloadSelector", "matchLabels"), selector.GetMatchLabels())
	if len(selector.GetMatchLabels()) == 0 {
		r.warnf(sub(spec(), "workloadSelector"), "the selector has no labels: it selects everything")
	}
}

func (r *report) trafficPolicy(at resource.FieldPath, p *networking.TrafficPolicy, namespace string) {
	if p == nil {
		return
	}
	if p.GetOutlierDetection() == nil && p.GetConnectionPool() == nil && p.GetLoadBalancer() == nil && p.GetTls() == nil &&
		p.PortLevelSettings == nil && p.GetTunnel() == nil && p.GetProxyProtocol() == nil && p.GetRetryBudget() == nil {
		r.errorf(at, "a traffic policy must not be empty")
		return
	}
	if p.GetTunnel() != nil && p.GetProxyProtocol() != nil {
		r.errorf(at, "a traffic policy can have tunnel or proxyProtocol, not both")
		return
	}
	r.outlierDetection(sub(at, "outlierDetection"), p.GetOutlierDetection())
	r.connectionPool(sub(at, "connectionPool"), p.GetConnectionPool())
	r.loadBalancer(sub(at, "loadBalancer"), p.GetLoadBalancer(), p.GetOutlierDetection() != nil)
	r.clientTLS(sub(at, "tls"), p.GetTls(), namespace)
	r.withoutWarnings(func() {
		for i, port := range p.GetPortLevelSettings() {
			r.portPolicy(sub(at, "portLevelSettings", i), port, namespace)
		}
	})
	r.tunnel(sub(at, "tunnel"), p.GetTunnel())
	if v := p.GetProxyProtocol().GetVersion(); v != 0 && v != 1 {
		r.errorf(sub(at, "proxyProtocol", "version"), "proxy protocol version %d does not exist", v)
	}
}

func (r *report) portPolicy(at resource.FieldPath, p *networking.TrafficPolicy_PortTrafficPolicy, namespace string) {
	if p == nil {
		r.errorf(at, "a port's traffic policy must not be null")
		return
	}
	if p.GetPort() == nil {
		r.errorf(at, "a port's traffic policy needs a port")
	}
	if p.GetOutlierDetection() == nil && p.GetConnectionPool() == nil && p.GetLoadBalancer() == nil && p.GetTls() == nil {
		r.errorf(at, "a port's traffic policy must not be empty")
		return
	}
	r.outlierDetection(sub(at, "outlierDetection"), p.GetOutlierDetection())
	r.connectionPool(sub(at, "connectionPool"), p.GetConnectionPool())
	r.loadBalancer(sub(at, "loadBalancer"), p.GetLoadBalancer(), p.GetOutlierDetection() != nil)
	r.clientTLS(sub(at, "tls"), p.GetTls(), namespace)
}

func (r *report) outlierDetection(at resource.FieldPath, o *networking.OutlierDetection) {
	if o == nil {
		return
	}
	if o.GetBaseEjectionTime() != nil {
		r.check(sub(at, "baseEjectionTime"), checkDuration(o.GetBaseEjectionTime()))
	}
	if o.GetConsecutiveErrors() != 0 { //nolint:staticcheck // the deprecated field is what is looked for
		r.warnf(sub(at, "consecutiveErrors"), "consecutiveErrors is deprecated: use consecutiveGatewayErrors or consecutive5xxErrors")
	}
	if !o.GetSplitExternalLocalOriginErrors() && o.GetConsecutiveLocalOriginFailures().GetValue() > 0 {
		r.errorf(sub(at, "consecutiveLocalOriginFailures"), "consecutiveLocalOriginFailures counts only if splitExternalLocalOriginErrors is true")
	}
	if o.GetInterval() != nil {
		r.check(sub(at, "interval"), checkDuration(o.GetInterval()))
	}
	r.wholePercent(sub(at, "maxEjectionPercent"), o.GetMaxEjectionPercent())
	r.wholePercent(sub(at, "minHealthPercent"), o.GetMinHealthPercent())
}

func (r *report) wholePercent(at resource.FieldPath, value int32) {
	if value < 0 || value > 100 {
		r.errorf(at, "percentage %d is not in the range 0..100", value)
	}
}

func (r *report) tunnel(at resource.FieldPath, t *networking.TrafficPolicy_TunnelSettings) {
	if t == nil {
		return
	}
	switch t.GetProtocol() {
	case "", "CONNECT", "POST":
	default:
		r.errorf(sub(at, "protocol"), "a tunnel's protocol must be CONNECT or POST, not %q", t.GetProtocol())
	}
	if checkFQDN(t.GetTargetHost()) != nil && !isIP(t.GetTargetHost()) {
		r.errorf(sub(at, "targetHost"), "%q is neither a domain name nor an IP address", t.GetTargetHost())
	}
	r.check(sub(at, "targetPort"), checkPort(int(t.GetTargetPort())))
}

// configMapPrefix marks a CA that is stored in a ConfigMap.
const configMapPrefix = "configmap://"

func (r *report) clientTLS(at resource.FieldPath, tls *networking.ClientTLSSettings, namespace string) {
	if tls == nil {
		return
	}
	simple, mutual := tls.GetMode() == networking.ClientTLSSettings_SIMPLE, tls.GetMode() == networking.ClientTLSSettings_MUTUAL
	credential := tls.GetCredentialName()
	if reference, ok := strings.CutPrefix(credential, configMapPrefix); ok {
		ns, name, qualified := strings.Cut(reference, "/")
		switch {
		case qualified && (ns == "" || name == "") || strings.Contains(name, "/"):
			r.errorf(sub(at, "credentialName"), "%q is not of the form %snamespace/name", credential, configMapPrefix)
		case qualified && ns != namespace, namespace == "":
			r.errorf(sub(at, "credentialName"), "the ConfigMap must be in namespace %q", namespace)
		}
	}
	if tls.GetInsecureSkipVerify().GetValue() {
		if simple && (tls.GetCaCertificates() != "" || credential != "" || tls.SubjectAltNames != nil) {
			r.errorf(sub(at, "insecureSkipVerify"), "insecureSkipVerify contradicts caCertificates, credentialName and subjectAltNames")
		}
		if mutual && (tls.GetCaCertificates() != "" || tls.SubjectAltNames != nil) {
			r.errorf(sub(at, "insecureSkipVerify"), "insecureSkipVerify contradicts caCertificates and subjectAltNames")
		}
	}
	if (simple || mutual) && credential != "" {
		if tls.GetClientCertificate() != "" || tls.GetCaCertificates() != "" || tls.GetPrivateKey() != "" || tls.GetCaCrl() != "" {
			r.errorf(sub(at, "credentialName"), "credentialName excludes certificates given as files")
		}
		return
	}
	if mutual {
		if tls.GetClientCertificate() == "" {
			r.errorf(at, "mode MUTUAL needs a clientCertificate")
		}
		if tls.GetPrivateKey() == "" {
			r.errorf(at, "mode MUTUAL needs a privateKey")
		}
	}
}
