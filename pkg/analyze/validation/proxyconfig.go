package validation

import (
	networking "istio.io/api/networking/v1beta1"
)

func (c *checker) proxyConfig(at *place, p *networking.ProxyConfig) {
	c.workloadSelector(at.Child("selector"), p.Selector)
	c.notNegative(at, "concurrency", p.Concurrency.GetValue())
}
