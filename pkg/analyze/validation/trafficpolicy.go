package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) trafficPolicy(at *place, p *networking.TrafficPolicy) {
	switch {
	case p == nil:
		return
	case p.OutlierDetection == nil && p.ConnectionPool == nil && p.LoadBalancer == nil && p.Tls == nil &&
		len(p.PortLevelSettings) == 0 && p.Tunnel == nil && p.ProxyProtocol == nil && p.RetryBudget == nil:
		c.failf(at, "the traffic policy is empty")
		return
	case p.Tunnel != nil && p.ProxyProtocol != nil:
		c.failf(at, "only one of tunnel and proxyProtocol can be set")
		return
	}
	c.outlierDetection(at.Child("outlierDetection"), p.OutlierDetection)
	c.connectionPool(at.Child("connectionPool"), p.ConnectionPool)
	c.loadBalancer(at.Child("loadBalancer"), p.LoadBalancer, p.OutlierDetection != nil)
	c.clientTLS(at.Child("tls"), p.Tls)
	c.withoutWarnings(func() {
		for i, port := range p.PortLevelSettings {
			c.portPolicy(item(at, "portLevelSettings", i), port)
		}
	})
	c.tunnel(at.Child("tunnel"), p.Tunnel)
	if version := p.GetProxyProtocol().GetVersion(); version != networking.TrafficPolicy_ProxyProtocol_V1 && version != networking.TrafficPolicy_ProxyProtocol_V2 {
		c.failf(at.Child("proxyProtocol").Child("version"), "there is no version %d of the PROXY protocol", version)
	}
}

func (c *checker) portPolicy(at *place, p *networking.TrafficPolicy_PortTrafficPolicy) {
	if p.Port == nil {
		c.failf(at, "the policy of a port must name the port")
	}
	if p.OutlierDetection == nil && p.ConnectionPool == nil && p.LoadBalancer == nil && p.Tls == nil {
		c.failf(at, "the policy of the port is empty")
		return
	}
	c.outlierDetection(at.Child("outlierDetection"), p.OutlierDetection)
	c.connectionPool(at.Child("connectionPool"), p.ConnectionPool)
	c.loadBalancer(at.Child("loadBalancer"), p.LoadBalancer, p.OutlierDetection != nil)
	c.clientTLS(at.Child("tls"), p.Tls)
}

func (c *checker) tunnel(at *place, tunnel *networking.TrafficPolicy_TunnelSettings) {
	if tunnel == nil {
		return
	}
	switch tunnel.Protocol {
	case "", "CONNECT", "POST":
	default:
		c.failf(at.Child("protocol"), "a tunnel uses CONNECT or POST, not %q", tunnel.Protocol)
	}
	if err := fqdn(tunnel.TargetHost); err != nil && !isIP(tunnel.TargetHost) {
		c.failf(at.Child("targetHost"), "%q is neither a host name nor an IP address", tunnel.TargetHost)
	}
	c.must(at.Child("targetPort"), portNumber(tunnel.TargetPort))
}

func (c *checker) outlierDetection(at *place, o *networking.OutlierDetection) {
	if o == nil {
		return
	}
	c.duration(at.Child("baseEjectionTime"), o.BaseEjectionTime)
	if o.ConsecutiveErrors != 0 { //nolint:staticcheck // deprecated, which is the point
		c.warnf(at.Child("consecutiveErrors"), "consecutiveErrors is deprecated; use consecutiveGatewayErrors or consecutive5xxErrors")
	}
	if !o.SplitExternalLocalOriginErrors && o.ConsecutiveLocalOriginFailures.GetValue() > 0 {
		c.failf(at.Child("consecutiveLocalOriginFailures"), "consecutiveLocalOriginFailures counts only with splitExternalLocalOriginErrors: true")
	}
	c.duration(at.Child("interval"), o.Interval)
	c.percent(at.Child("maxEjectionPercent"), o.MaxEjectionPercent)
	c.percent(at.Child("minHealthPercent"), o.MinHealthPercent)
}

func (c *checker) percent(at *place, percent int32) {
	if percent < 0 || percent > 100 {
		c.failf(at, "%d is not a percentage between 0 and 100", percent)
	}
}
