package validation

import (
	"fmt"

	"github.com/meshctl/meshctl/internal/istio"
)

func portNumber[T int | int32 | uint32](number T) error {
	if number < 1 || int64(number) > 65535 {
		return fmt.Errorf("port %d is not between 1 and 65535", number)
	}
	return nil
}

func portName(name string) error {
	if !isDNSLabel(name) {
		return fmt.Errorf("%q is not a port name: letters, digits and hyphens are allowed", name)
	}
	return nil
}

// portProtocol checks a protocol; none means that the proxy finds out.
func portProtocol(protocol string) error {
	if protocol != "" && !istio.ParseProtocol(protocol).Known() {
		return fmt.Errorf("the mesh does not know the protocol %q", protocol)
	}
	return nil
}
