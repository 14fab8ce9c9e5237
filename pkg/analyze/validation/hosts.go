package validation

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const (
	maxLabel = 63  // RFC 1035, section 2.3.4
	maxHost  = 255 // the same
)

// isDNSLabel reports whether s is one label of a DNS name. Upper case is
// allowed, because the control plane allows it.
func isDNSLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isWildcardLabel allows "*", "*name" and "*-name" besides plain labels.
func isWildcardLabel(s string) bool {
	if len(s) > maxLabel {
		return false
	}
	name, starred := strings.CutPrefix(s, "*")
	if starred {
		name = strings.TrimPrefix(name, "-")
	}
	return s == "*" || isDNSLabel(name)
}

// fqdn checks a host name without wildcards.
func fqdn(host string) error {
	if err := hostLength(host); err != nil {
		return err
	}
	return labelsOf(host, host)
}

// wildcardHost checks a host name whose first label may be or start with "*".
func wildcardHost(host string) error {
	if err := hostLength(host); err != nil {
		return err
	}
	first, rest, several := strings.Cut(host, ".")
	if !isWildcardLabel(first) {
		return fmt.Errorf("%q is not a host name: its part %q is not valid", host, first)
	}
	if !several {
		return nil
	}
	return labelsOf(rest, host)
}

func hostLength(host string) error {
	switch {
	case host == "":
		return errors.New("the host name is empty")
	case len(host) > maxHost:
		return fmt.Errorf("the host name %q is longer than %d characters", host, maxHost)
	}
	return nil
}

// labelsOf checks the labels of name, which is host or the end of it. A
// trailing dot is allowed.
func labelsOf(name, host string) error {
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	if _, err := strconv.Atoi(last); err == nil {
		return fmt.Errorf("%q is not a host name: its last part %q is a number", host, last)
	}
	if last == "" {
		labels = labels[:len(labels)-1]
	}
	for _, label := range labels {
		if !isDNSLabel(label) {
			return fmt.Errorf("%q is not a host name: its part %q is not valid", host, label)
		}
	}
	return nil
}

// noPartialWildcard allows "*" and "*.name" but not "*name".
func noPartialWildcard(host string) error {
	if len(host) > 1 && strings.Contains(host, "*") && !strings.HasPrefix(host, "*.") {
		return fmt.Errorf("%q: a wildcard must stand for whole labels, as in *.example.com", host)
	}
	return nil
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// autoPassthroughHost checks the names that gateways in mode AUTO_PASSTHROUGH
// route by: "outbound_.<port>_.<subset>_.<host>".
func autoPassthroughHost(host string) error {
	const form = "outbound_.PORT_.SUBSET_.HOST"
	parts := strings.Split(host, "_")
	if len(parts) < 4 {
		return fmt.Errorf("the host %q does not have the form %s", host, form)
	}
	if port := strings.Trim(parts[1], "."); !strings.ContainsAny(port, "0123456789") {
		return fmt.Errorf("the host %q does not have the form %s: %q is not a port", host, form, port)
	}
	name := strings.Trim(parts[3], ".")
	if !strings.ContainsFunc(name, func(r rune) bool { return r < 0x80 && isAlphanumeric(byte(r)) && (r < '0' || r > '9') }) {
		return fmt.Errorf("the host %q does not have the form %s: %q is not a host name", host, form, name)
	}
	return nil
}
