package validation

import (
	"maps"
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"
)

func (c *checker) peerAuthentication(at *place, p *security.PeerAuthentication) {
	c.workloadSelector(at.Child("selector"), p.Selector)
	at = at.Child("portLevelMtls")
	if len(p.PortLevelMtls) > 0 && len(p.Selector.GetMatchLabels()) == 0 {
		c.failf(at, "portLevelMtls needs a selector: a policy for the mesh or a namespace cannot know the ports")
	}
	for _, port := range slices.Sorted(maps.Keys(p.PortLevelMtls)) {
		if portNumber(port) != nil {
			c.failf(at.Child(strconv.FormatUint(uint64(port), 10)), "a port must be between 1 and 65535")
		}
	}
}
