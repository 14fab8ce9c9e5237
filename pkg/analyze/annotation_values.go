package analyze

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"istio.io/api/annotation"
	quantity "k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshctl/meshctl/internal/istio"
)

// checkAnnotationValue says what is wrong with an annotation's value, for
// those annotations that sidecar injection reads.
func checkAnnotationValue(name, value string) error {
	switch name {
	case annotation.SidecarInterceptionMode.Name:
		switch value {
		case "REDIRECT", "TPROXY", "NONE":
			return nil
		}
		return fmt.Errorf("must be REDIRECT, TPROXY or NONE")
	case annotation.SidecarStatusPort.Name:
		return checkPortText(value)
	case annotation.SidecarStatusReadinessInitialDelaySeconds.Name,
		annotation.SidecarStatusReadinessPeriodSeconds.Name,
		annotation.SidecarStatusReadinessFailureThreshold.Name:
		_, err := strconv.ParseUint(value, 10, 32)
		return notA(err, "positive number")
	case annotation.SidecarTrafficIncludeOutboundIPRanges.Name:
		if value == "*" {
			return nil
		}
		return eachInList(value, checkCIDR)
	case annotation.SidecarTrafficExcludeOutboundIPRanges.Name:
		return eachInList(value, checkCIDR)
	case annotation.SidecarTrafficIncludeInboundPorts.Name:
		if value == "*" {
			return nil
		}
		return eachInList(strings.TrimSpace(value), checkPortText)
	case annotation.SidecarTrafficExcludeInboundPorts.Name, annotation.SidecarTrafficExcludeOutboundPorts.Name:
		return eachInList(strings.TrimSpace(value), checkPortText)
	case annotation.SidecarTrafficExcludeInterfaces.Name, annotation.SidecarTrafficKubevirtInterfaces.Name, annotation.IoIstioRerouteVirtualInterfaces.Name:
		return eachInList(value, checkInterfaceName)
	case annotation.PrometheusMergeMetrics.Name:
		_, err := strconv.ParseBool(value)
		return notA(err, "truth value")
	case annotation.ProxyConfig.Name:
		return checkProxyConfig(value)
	case annotation.SidecarProxyCPU.Name, annotation.SidecarProxyMemory.Name, annotation.SidecarProxyCPULimit.Name, annotation.SidecarProxyMemoryLimit.Name:
		_, err := quantity.ParseQuantity(value)
		return notA(err, "quantity such as 100m or 128Mi")
	}
	return nil
}

func notA(err error, what string) error {
	if err != nil {
		return fmt.Errorf("not a %s", what)
	}
	return nil
}

func eachInList(list string, check func(string) error) error {
	if list == "" {
		return nil
	}
	for item := range strings.SplitSeq(list, ",") {
		if err := check(item); err != nil {
			return err
		}
	}
	return nil
}

func checkCIDR(text string) error {
	_, err := netip.ParsePrefix(text)
	return notA(err, fmt.Sprintf("comma-separated list of CIDR blocks: %q", text))
}

func checkPortText(text string) error {
	_, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	return notA(err, fmt.Sprintf("port: %q", text))
}

// checkInterfaceName follows the kernel: at most 15 bytes, without blanks, slashes and colons.
func checkInterfaceName(name string) error {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 15 || name == "." || name == ".." || strings.ContainsAny(name, "/: \t\n\r\v\f\x00") {
		return fmt.Errorf("not a comma-separated list of network interfaces: %q", name)
	}
	return nil
}

func checkProxyConfig(text string) error {
	config, err := istio.MergeProxyConfig(istio.DefaultProxyConfig(), []byte(text))
	if err != nil {
		return err
	}
	return istio.CheckProxyConfig(config)
}
