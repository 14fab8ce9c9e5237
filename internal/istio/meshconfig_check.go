package istio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// CheckProxyConfig says what is wrong with a proxy config that has been merged
// over the defaults; all faults joined, nil if there is none.
func CheckProxyConfig(config *meshv1alpha1.ProxyConfig) error {
	var failures []error
	require := func(field, value string) {
		if value == "" {
			failures = append(failures, fmt.Errorf("%s must not be empty", field))
		}
	}
	address := func(field, value string) {
		if err := checkAddress(value); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", field, err))
		}
	}
	optional := func(field, value string) {
		if value != "" {
			address(field, value)
		}
	}
	port := func(field string, value int32) {
		if value < 1 || value > 65535 {
			failures = append(failures, fmt.Errorf("%s: %d is no port number", field, value))
		}
	}

	require("configPath", config.ConfigPath)
	require("binaryPath", config.BinaryPath)
	switch name := config.ClusterName.(type) {
	case *meshv1alpha1.ProxyConfig_ServiceCluster:
		require("serviceCluster", name.ServiceCluster)
	case nil:
		failures = append(failures, errors.New("one of serviceCluster and tracingServiceName is required"))
	}
	if d := config.DrainDuration; d != nil && (!d.IsValid() || d.AsDuration() < time.Millisecond || d.AsDuration()%time.Second != 0) {
		failures = append(failures, fmt.Errorf("drainDuration: %s: expected whole seconds", d.AsDuration()))
	}
	address("discoveryAddress", config.DiscoveryAddress)
	optional("statsdUdpAddress", config.StatsdUdpAddress)
	optional("envoyMetricsService.address", config.GetEnvoyMetricsService().GetAddress())
	optional("envoyAccessLogService.address", config.GetEnvoyAccessLogService().GetAddress())
	if tracing := config.GetTracing(); tracing != nil {
		if zipkin := tracing.GetZipkin(); zipkin != nil {
			// The address may be left to an environment variable: $(HOST_IP):9411.
			address("tracing.zipkin.address", strings.Replace(zipkin.GetAddress(), "$(HOST_IP)", "127.0.0.1", 1))
		}
		if datadog := tracing.GetDatadog(); datadog != nil {
			address("tracing.datadog.address", strings.Replace(datadog.GetAddress(), "$(HOST_IP)", "127.0.0.1", 1))
		}
	}
	port("proxyAdminPort", config.ProxyAdminPort)
	port("statusPort", config.StatusPort)
	return errors.Join(failures...)
}

// checkAddress wants "host:port" with a DNS name or an IP address.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q: expected HOST:PORT", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q: %q is no port number", address, port)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if len(validation.IsDNS1123Label(strings.ToLower(label))) > 0 {
			return fmt.Errorf("%q: %q is no host name", address, host)
		}
	}
	return nil
}
