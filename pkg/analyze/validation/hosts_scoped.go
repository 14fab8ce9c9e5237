package validation

import (
	"errors"
	"fmt"
	"strings"
)

// gatewayHost checks a host of a Gateway's server: "host" or "namespace/host".
func (c *checker) gatewayHost(at *place, host string) {
	namespace, name, scoped := strings.Cut(host, "/")
	if !scoped {
		c.gatewayHostName(at, host)
		return
	}
	if namespace == "" || name == "" {
		c.must(at, errEmptyHostPart)
	}
	if namespace != "*" && namespace != "." && !isDNSLabel(namespace) {
		c.failf(at, "%q is not a namespace; write NAMESPACE/HOST, */HOST or ./HOST", namespace)
	}
	c.gatewayHostName(at, name)
}

func (c *checker) gatewayHostName(at *place, name string) {
	c.must(at, notShort(name))
	if !isIP(name) {
		c.must(at, wildcardHost(name))
	}
	c.must(at, noPartialWildcard(name))
}

// sidecarHost checks a host of a Sidecar's egress listener:
// "namespace/host", where "~namespace" leaves the host out.
func (c *checker) sidecarHost(at *place, host string) {
	namespace, name, scoped := strings.Cut(host, "/")
	if !scoped {
		c.failf(at, "a host must have the form NAMESPACE/HOST")
		return
	}
	if namespace == "" || name == "" {
		c.must(at, errEmptyHostPart)
	}
	if n := strings.TrimPrefix(namespace, "~"); n != "" && n != "*" && n != "." && !isDNSLabel(n) {
		c.failf(at, "%q is not a namespace; write NAMESPACE/HOST, */HOST, ./HOST or ~/HOST", namespace)
	}
	c.must(at, notShort(name))
	if err := wildcardHost(name); err != nil {
		c.must(at, err)
		// The control plane counts this mistake twice.
		if !isIP(name) {
			c.must(at, err)
		}
	}
	c.must(at, noPartialWildcard(name))
}

var errEmptyHostPart = errors.New("neither the namespace nor the host may be empty in NAMESPACE/HOST")

func notShort(host string) error {
	if host != "*" && !strings.Contains(host, ".") {
		return fmt.Errorf("a short host name is not allowed here; write the full name, such as NAME.NAMESPACE.svc.cluster.local")
	}
	return nil
}
