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

// FieldFault is what is wrong with one field of a message.
type FieldFault struct {
	Field string // "tracing.zipkin.address"
	Err   error
}

func (f FieldFault) Error() string { return f.Field + ": " + f.Err.Error() }

// faults collects what is wrong with a message.
type faults []FieldFault

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, FieldFault{field, fmt.Errorf(format, args...)})
}

func (f *faults) require(field, value string) {
	if value == "" {
		f.add(field, "it must not be empty")
	}
}

func (f *faults) address(field, value string) {
	if err := checkAddress(value); err != nil {
		f.add(field, "%w", err)
	}
}

func (f *faults) port(field string, value int32) {
	if value < 1 || value > 65535 {
		f.add(field, "%d is no port number", value)
	}
}

// CheckMeshConfig says for which faults istiod would refuse a mesh config that
// has been laid over the defaults.
func CheckMeshConfig(mesh *meshv1alpha1.MeshConfig) []FieldFault {
	var f faults
	f.port("proxyListenPort", mesh.ProxyListenPort)
	if d := mesh.GetConnectTimeout().AsDuration(); d < time.Millisecond || d > time.Hour || d%time.Millisecond != 0 {
		f.add("connectTimeout", "%s: expected 1ms to 1h, in whole milliseconds", d)
	}
	if d := mesh.GetProtocolDetectionTimeout().AsDuration(); d%time.Millisecond != 0 {
		f.add("protocolDetectionTimeout", "%s: expected whole milliseconds", d)
	}
	f.trustDomain("trustDomain", mesh.TrustDomain)
	for i, alias := range mesh.TrustDomainAliases {
		f.trustDomain(fmt.Sprintf("trustDomainAliases.[%d]", i), alias)
	}
	for _, fault := range proxyConfigFaults(mesh.GetDefaultConfig()) {
		f = append(f, FieldFault{"defaultConfig." + fault.Field, fault.Err})
	}
	return f
}

func (f *faults) trustDomain(field, domain string) {
	for label := range strings.SplitSeq(strings.TrimSuffix(domain, "."), ".") {
		if len(validation.IsDNS1123Label(label)) > 0 {
			f.add(field, "%q is no trust domain; it looks like cluster.local", domain)
			return
		}
	}
}

// CheckProxyConfig says what is wrong with a proxy config that has been merged
// over the defaults; all faults joined, nil if there is none.
func CheckProxyConfig(config *meshv1alpha1.ProxyConfig) error {
	var failures []error
	for _, fault := range proxyConfigFaults(config) {
		failures = append(failures, fault)
	}
	return errors.Join(failures...)
}

func proxyConfigFaults(config *meshv1alpha1.ProxyConfig) []FieldFault {
	var f faults
	optional := func(field, value string) {
		if value != "" {
			f.address(field, value)
		}
	}
	f.require("configPath", config.GetConfigPath())
	f.require("binaryPath", config.GetBinaryPath())
	switch name := config.GetClusterName().(type) {
	case *meshv1alpha1.ProxyConfig_ServiceCluster:
		f.require("serviceCluster", name.ServiceCluster)
	case nil:
		f.add("serviceCluster", "it or tracingServiceName is required")
	}
	if d := config.GetDrainDuration(); d != nil && (!d.IsValid() || d.AsDuration() < time.Millisecond || d.AsDuration()%time.Second != 0) {
		f.add("drainDuration", "%s: expected whole seconds", d.AsDuration())
	}
	f.address("discoveryAddress", config.GetDiscoveryAddress())
	optional("statsdUdpAddress", config.GetStatsdUdpAddress())
	optional("envoyMetricsService.address", config.GetEnvoyMetricsService().GetAddress())
	optional("envoyAccessLogService.address", config.GetEnvoyAccessLogService().GetAddress())
	if tracing := config.GetTracing(); tracing != nil {
		if zipkin := tracing.GetZipkin(); zipkin != nil {
			// The address may be left to an environment variable: $(HOST_IP):9411.
			f.address("tracing.zipkin.address", strings.Replace(zipkin.GetAddress(), "$(HOST_IP)", "127.0.0.1", 1))
		}
		if datadog := tracing.GetDatadog(); datadog != nil {
			f.address("tracing.datadog.address", strings.Replace(datadog.GetAddress(), "$(HOST_IP)", "127.0.0.1", 1))
		}
	}
	f.port("proxyAdminPort", config.GetProxyAdminPort())
	f.port("statusPort", config.GetStatusPort())
	return f
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
