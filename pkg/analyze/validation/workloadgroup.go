package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) workloadGroup(at *place, wg *networking.WorkloadGroup) {
	if wg.Template == nil {
		c.failf(at, "a WorkloadGroup needs a template")
		return
	}
	before := len(c.issues)
	c.labels(at.Child("metadata").Child("labels"), wg.GetMetadata().GetLabels())
	if len(c.issues) > before {
		c.issues = c.issues[:before+1] // one is enough for the control plane
		return
	}
	if wg.Probe != nil {
		c.probe(at.Child("probe"), wg.Probe)
	}
}

func (c *checker) probe(at *place, p *networking.ReadinessProbe) {
	c.notNegative(at, "periodSeconds", p.PeriodSeconds)
	c.notNegative(at, "initialDelaySeconds", p.InitialDelaySeconds)
	c.notNegative(at, "timeoutSeconds", p.TimeoutSeconds)
	c.notNegative(at, "successThreshold", p.SuccessThreshold)
	c.notNegative(at, "failureThreshold", p.FailureThreshold)
	switch method := p.HealthCheckMethod.(type) {
	case *networking.ReadinessProbe_HttpGet:
		c.httpProbe(at.Child("httpGet"), method.HttpGet)
	case *networking.ReadinessProbe_TcpSocket:
		c.must(at.Child("tcpSocket").Child("port"), portNumber(method.TcpSocket.GetPort()))
	case *networking.ReadinessProbe_Exec:
		if len(method.Exec.GetCommand()) == 0 {
			c.failf(at.Child("exec"), "exec needs a command")
		}
	default:
		c.failf(at, "a probe needs one of httpGet, tcpSocket and exec")
	}
}

func (c *checker) httpProbe(at *place, get *networking.HTTPHealthCheckConfig) {
	c.must(at.Child("port"), portNumber(get.GetPort()))
	switch get.GetScheme() {
	case "", "HTTP", "HTTPS":
	default:
		c.failf(at.Child("scheme"), "the scheme must be HTTP or HTTPS")
	}
	for i, header := range get.GetHttpHeaders() {
		c.must(item(at, "httpHeaders", i).Child("name"), headerName(header.GetName(), probeHeader))
	}
}
