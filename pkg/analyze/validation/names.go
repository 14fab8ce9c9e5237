package validation

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

const (
	labelPattern         = `[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?`
	qualifiedNamePattern = `(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
	maxLabel             = 63
)

var (
	labelRegexp         = regexp.MustCompile(`^` + labelPattern + `$`)
	wildcardLabelRegexp = regexp.MustCompile(`^(\*|(\*|\*-)?` + labelPattern + `)$`)
	labelKeyRegexp      = regexp.MustCompile(`^(` + labelPattern + `(?:\.` + labelPattern + `)*/)?(` + qualifiedNamePattern + `)$`)
	labelValueRegexp    = regexp.MustCompile(`^(` + qualifiedNamePattern + `)?$`)
)

func isLabel(s string) bool { return len(s) <= maxLabel && labelRegexp.MatchString(s) }

func isWildcardLabel(s string) bool { return len(s) <= maxLabel && wildcardLabelRegexp.MatchString(s) }

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// checkFQDN checks a full domain name without wildcards.
func checkFQDN(name string) error {
	if err := checkNameLength(name); err != nil {
		return err
	}
	return checkLabels(name)
}

// checkDomain checks a domain name whose first label may be a wildcard.
func checkDomain(name string) error {
	if err := checkNameLength(name); err != nil {
		return err
	}
	first, rest, more := strings.Cut(name, ".")
	if !isWildcardLabel(first) {
		return fmt.Errorf("%q is not a domain name: %q is not a DNS label", name, first)
	}
	if more {
		return checkLabels(rest)
	}
	return nil
}

func checkNameLength(name string) error {
	switch {
	case len(name) > 255:
		return fmt.Errorf("%q is not a domain name: it is longer than 255 characters", name)
	case name == "":
		return fmt.Errorf("a domain name must not be empty")
	}
	return nil
}

func checkLabels(name string) error {
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	if _, err := strconv.Atoi(last); err == nil {
		return fmt.Errorf("%q is not a domain name: its top level %q is a number", name, last)
	}
	for i, label := range labels {
		if i == len(labels)-1 && label == "" {
			return nil // the root's dot, as in "example.com."
		}
		if !isLabel(label) {
			return fmt.Errorf("%q is not a domain name: %q is not a DNS label", name, label)
		}
	}
	return nil
}

// checkNoPartialWildcard rejects stars that stand for a part of a label only.
func checkNoPartialWildcard(host string) error {
	if strings.Contains(host, "*") && host != "*" && !strings.HasPrefix(host, "*.") {
		return fmt.Errorf("%q has a star that stands for a part of a label", host)
	}
	return nil
}

// checkGatewayDomain checks a host of a route at gateways. With SNI routing
// the names of the gateways' own clusters are hosts too.
func checkGatewayDomain(name string, sni bool) error {
	if !sni || !strings.HasPrefix(name, "outbound_") {
		return checkDomain(name)
	}
	if err := checkNameLength(name); err != nil {
		return err
	}
	parts := strings.Split(name, "_")
	if len(parts) < 4 || !strings.ContainsAny(strings.Trim(parts[1], "."), "0123456789") || !containsLetter(parts[3]) {
		return fmt.Errorf("%q does not have the form outbound_.PORT_._.HOST", name)
	}
	return nil
}

func containsLetter(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' })
}

func checkPort(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("port %d is not in the range 1..65535", port)
	}
	return nil
}

func checkPortName(name string) error {
	if !isLabel(name) {
		return fmt.Errorf("port name %q is not a DNS label", name)
	}
	return nil
}

func checkIP(address string) error {
	if !isIP(address) {
		return fmt.Errorf("%q is not an IP address", address)
	}
	return nil
}

func checkSubnet(subnet string) error {
	if strings.Count(subnet, "/") != 1 {
		return checkIP(subnet)
	}
	if _, err := netip.ParsePrefix(subnet); err != nil {
		return fmt.Errorf("%q is not a CIDR block", subnet)
	}
	return nil
}

// unixPrefix marks addresses of Unix domain sockets.
const unixPrefix = "unix://"

// checkSocketPath checks the path of a Unix domain socket; "@" starts an abstract one.
func checkSocketPath(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("the path of a Unix domain socket must not be empty")
	case strings.HasPrefix(path, "@"):
		return nil
	case !strings.HasPrefix(path, "/"), strings.HasSuffix(path, "/"):
		return fmt.Errorf("%q is not an absolute path of a Unix domain socket", path)
	}
	return nil
}
