package validation

import (
	networking "istio.io/api/networking/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) proxyConfig(at resource.FieldPath, p *networking.ProxyConfig) {
	c.workloadSelector(at.Child("selector"), p.Selector)
	c.notNegative(at, "concurrency", p.Concurrency.GetValue())
}
