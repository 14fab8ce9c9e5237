package istio

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	networkingv1alpha3 "istio.io/api/networking/v1alpha3"
	"sigs.k8s.io/yaml"
)

// DefaultProxyConfig is what istiod 1.31 assumes for a proxy about which
// nothing is configured. The caller owns the result.
func DefaultProxyConfig() *meshv1alpha1.ProxyConfig {
	return &meshv1alpha1.ProxyConfig{
		ConfigPath:               "./etc/istio/proxy",
		BinaryPath:               "/usr/local/bin/envoy",
		ClusterName:              &meshv1alpha1.ProxyConfig_ServiceCluster{ServiceCluster: "istio-proxy"},
		DrainDuration:            durationpb.New(45 * time.Second),
		TerminationDrainDuration: durationpb.New(5 * time.Second),
		DiscoveryAddress:         "istiod.istio-system.svc:15012",
		ControlPlaneAuthPolicy:   meshv1alpha1.AuthenticationPolicy_MUTUAL_TLS,
		ProxyAdminPort:           15000,
		StatNameLength:           189,
		StatusPort:               15020,
	}
}

// DefaultMeshConfig is the mesh config of istiod 1.31 before the user's own
// is laid over it. The caller owns the result.
func DefaultMeshConfig() *meshv1alpha1.MeshConfig {
	everywhere := []string{"*"}
	return &meshv1alpha1.MeshConfig{
		DefaultConfig:            DefaultProxyConfig(),
		RootNamespace:            "istio-system",
		TrustDomain:              "cluster.local",
		ProxyListenPort:          15001,
		ProxyInboundListenPort:   15006,
		ConnectTimeout:           durationpb.New(10 * time.Second),
		DnsRefreshRate:           durationpb.New(time.Minute),
		ProtocolDetectionTimeout: durationpb.New(0),
		EnableTracing:            true,
		EnableAutoMtls:           wrapperspb.Bool(true),
		EnablePrometheusMerge:    wrapperspb.Bool(true),
		AccessLogEncoding:        meshv1alpha1.MeshConfig_TEXT,
		IngressService:           "istio-ingressgateway",
		IngressClass:             "istio",
		IngressControllerMode:    meshv1alpha1.MeshConfig_STRICT,
		OutboundTrafficPolicy: &meshv1alpha1.MeshConfig_OutboundTrafficPolicy{
			Mode: meshv1alpha1.MeshConfig_OutboundTrafficPolicy_ALLOW_ANY,
		},
		InboundTrafficPolicy: &meshv1alpha1.MeshConfig_InboundTrafficPolicy{
			Mode: meshv1alpha1.MeshConfig_InboundTrafficPolicy_PASSTHROUGH,
		},
		LocalityLbSetting:              &networkingv1alpha3.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(true)},
		DefaultServiceExportTo:         everywhere,
		DefaultVirtualServiceExportTo:  slices.Clone(everywhere),
		DefaultDestinationRuleExportTo: slices.Clone(everywhere),
		DefaultProviders:               &meshv1alpha1.MeshConfig_DefaultProviders{},
		ExtensionProviders:             defaultProviders(),
	}
}

func defaultProviders() []*meshv1alpha1.MeshConfig_ExtensionProvider {
	type provider = meshv1alpha1.MeshConfig_ExtensionProvider
	return []*provider{
		{Name: "prometheus", Provider: &meshv1alpha1.MeshConfig_ExtensionProvider_Prometheus{
			Prometheus: &meshv1alpha1.MeshConfig_ExtensionProvider_PrometheusMetricsProvider{},
		}},
		{Name: "stackdriver", Provider: &meshv1alpha1.MeshConfig_ExtensionProvider_Stackdriver{
			Stackdriver: &meshv1alpha1.MeshConfig_ExtensionProvider_StackdriverProvider{},
		}},
		{Name: "envoy", Provider: &meshv1alpha1.MeshConfig_ExtensionProvider_EnvoyFileAccessLog{
			EnvoyFileAccessLog: &meshv1alpha1.MeshConfig_ExtensionProvider_EnvoyFileAccessLogProvider{Path: "/dev/stdout"},
		}},
	}
}

// ParseMeshConfig reads a mesh config as it stands under the key "mesh" of
// istiod's ConfigMap and lays it over the defaults. Fields replace the
// default's, except where the mesh merges: defaultConfig, defaultProviders,
// extensionProviders (by name) and trustDomainAliases. Unknown fields are
// ignored, as istiod ignores them.
func ParseMeshConfig(text []byte) (*meshv1alpha1.MeshConfig, error) {
	mesh := DefaultMeshConfig()
	if err := overlayMeshConfig(mesh, text); err != nil {
		return nil, fmt.Errorf("reading mesh config: %w", err)
	}
	return mesh, nil
}

func overlayMeshConfig(mesh *meshv1alpha1.MeshConfig, text []byte) error {
	var parts struct {
		DefaultConfig    any `json:"defaultConfig"`
		DefaultProviders any `json:"defaultProviders"`
	}
	if err := yaml.Unmarshal(text, &parts); err != nil {
		return err
	}
	proxy, defaults := mesh.DefaultConfig, mesh.DefaultProviders
	providers, aliases := mesh.ExtensionProviders, mesh.TrustDomainAliases
	mesh.ExtensionProviders = nil
	if err := overlay(mesh, text); err != nil {
		return err
	}
	mesh.DefaultConfig, mesh.DefaultProviders = proxy, defaults
	mesh.ExtensionProviders = mergeProviders(providers, mesh.ExtensionProviders)
	mesh.TrustDomainAliases = append(mesh.TrustDomainAliases, aliases...)
	slices.Sort(mesh.TrustDomainAliases)
	mesh.TrustDomainAliases = slices.Compact(mesh.TrustDomainAliases)

	if parts.DefaultConfig != nil {
		text, err := yaml.Marshal(parts.DefaultConfig)
		if err != nil {
			return err
		}
		if mesh.DefaultConfig, err = MergeProxyConfig(proxy, text); err != nil {
			return fmt.Errorf("defaultConfig: %w", err)
		}
	}
	if parts.DefaultProviders != nil {
		text, err := yaml.Marshal(parts.DefaultProviders)
		if err != nil {
			return err
		}
		if err := overlay(mesh.DefaultProviders, text); err != nil {
			return fmt.Errorf("defaultProviders: %w", err)
		}
	}
	return nil
}

func mergeProviders(base, added []*meshv1alpha1.MeshConfig_ExtensionProvider) []*meshv1alpha1.MeshConfig_ExtensionProvider {
	for _, provider := range added {
		same := func(p *meshv1alpha1.MeshConfig_ExtensionProvider) bool { return p.Name == provider.Name }
		if i := slices.IndexFunc(base, same); i >= 0 {
			base[i] = provider
		} else {
			base = append(base, provider)
		}
	}
	return base
}
