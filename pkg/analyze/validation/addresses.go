package validation

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"
)

// unixPrefix marks an address as the path of a Unix domain socket.
const unixPrefix = "unix://"

func ipAddress(s string) error {
	if !isIP(s) {
		return fmt.Errorf("%q is not an IP address", s)
	}
	return nil
}

// ipOrCIDR checks an address like 10.0.0.1 or a range like 10.0.0.0/8.
func ipOrCIDR(s string) error {
	if strings.Count(s, "/") != 1 {
		return ipAddress(s)
	}
	if _, err := netip.ParsePrefix(s); err != nil {
		return fmt.Errorf("%q is not an address range such as 10.0.0.0/8", s)
	}
	return nil
}

// unixSocket checks the path of a socket; "@name" is one without a file.
func unixSocket(p string) error {
	switch {
	case p == "":
		return errors.New("the path of the Unix domain socket is empty")
	case strings.HasPrefix(p, "@"):
		return nil
	case !path.IsAbs(p), strings.HasSuffix(p, "/"):
		return fmt.Errorf("%q is not the absolute path of a socket", p)
	}
	return nil
}
