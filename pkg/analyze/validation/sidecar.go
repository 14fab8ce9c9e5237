package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) sidecar(at *place, s *networking.Sidecar) {
	if !c.networkingSelector(at.Child("workloadSelector"), s.WorkloadSelector) {
		return
	}
	if len(s.Egress) == 0 && len(s.Ingress) == 0 && s.OutboundTrafficPolicy == nil && s.InboundConnectionPool == nil {
		c.issues = nil // nothing but this counts
		c.failf(at, "the Sidecar sets nothing; it needs ingress, egress, outboundTrafficPolicy or inboundConnectionPool")
		return
	}
	c.ingressListeners(at, s.Ingress)
	c.connectionPool(at.Child("inboundConnectionPool"), s.InboundConnectionPool)
	c.egressListeners(at, s.Egress)
	c.outboundTrafficPolicy(at.Child("outboundTrafficPolicy"), s.OutboundTrafficPolicy)
}

func (c *checker) outboundTrafficPolicy(at *place, p *networking.OutboundTrafficPolicy) {
	// The mode exists in MeshConfig, whose type has it as number 2.
	const dynamicDNS = 2
	switch proxy := p.GetEgressProxy(); {
	case p.GetMode() == dynamicDNS:
		c.failf(at.Child("mode"), "ALLOW_ANY_DYNAMIC_DNS can be set for the whole mesh only")
	case proxy == nil:
	case p.Mode != networking.OutboundTrafficPolicy_ALLOW_ANY:
		c.failf(at.Child("egressProxy"), "egressProxy needs mode ALLOW_ANY")
	default:
		at := at.Child("egressProxy")
		c.must(at.Child("host"), fqdn(proxy.Host))
		if proxy.Port == nil {
			c.failf(at, "egressProxy needs a port")
			return
		}
		c.destination(at, proxy)
	}
}
