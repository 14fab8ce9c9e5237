package install

import "strings"

// retired tells what took the place of a setting of older releases (1.4 on).
// Paths are those of Helm values and of the operator document below spec.
type retired struct{ path, note string }

func retiredSettings() []retired {
	const (
		addon  = "it is no longer part of the installation: apply the add-on's own manifests"
		istiod = "its work is done by istiod (component pilot); leave it out"
		noUse  = "charts no longer look at it; leave it out"
		wasm   = "telemetry is built into the proxy; leave it out, or use the Telemetry API"
	)
	return []retired{
		{"values.mixer", "Mixer was removed in 1.8: telemetry comes from the proxies (Telemetry API, meshConfig.extensionProviders), policy from AuthorizationPolicy and external authorization"},
		{"values.galley", "Galley was merged into istiod in 1.5: validation is on by values.global.configValidation"},
		{"values.nodeagent", "the node agent was removed in 1.5: each proxy fetches its own certificate (SDS is always on)"},
		{"values.security", "Citadel was merged into istiod in 1.5: mutual TLS is set by PeerAuthentication, the CA by values.pilot.env and values.global.caName"},
		{"values.citadel", "Citadel was merged into istiod in 1.5; leave it out"},
		{"values.grafana", addon},
		{"values.prometheus", addon},
		{"values.kiali", addon},
		{"values.tracing", "the tracing backend is an add-on now; proxies are told of it by meshConfig.extensionProviders and a Telemetry resource"},
		{"values.certmanager", "cert-manager is installed by its own chart; gateways take its Secrets by credentialName"},
		{"values.istiocoredns", "the CoreDNS plugin was removed in 1.8: set meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE=true"},
		{"values.servicegraph", "the service graph was removed in 1.2: Kiali shows it"},
		{"values.ingress", "the legacy ingress was removed: use components.ingressGateways"},
		{"values.mixergateways", "removed in 1.1: use components.ingressGateways"},
		{"values.sidecarInjectorWebhook.enabled", "the injector is part of istiod: set values.global.operatorManageWebhooks or uninstall the revision instead"},
		{"values.sidecarInjectorWebhook.image", istiod},
		{"values.sidecarInjectorWebhook.replicaCount", istiod},
		{"values.gateways.istio-ilbgateway", "add an entry to components.ingressGateways with its own name and service annotations"},
		{"values.global.mtls", "mutual TLS is automatic; require it by a PeerAuthentication with mode STRICT in the root namespace"},
		{"values.global.controlPlaneSecurityEnabled", "the control plane is always secured; leave it out"},
		{"values.global.disablePolicyChecks", "Mixer policy checks are gone; leave it out"},
		{"values.global.policyCheckFailOpen", "Mixer policy checks are gone; leave it out"},
		{"values.global.enableTracing", "set meshConfig.enableTracing"},
		{"values.global.useMCP", "configuration is always read from the API server; leave it out"},
		{"values.global.k8sIngress", "set meshConfig.ingressControllerMode, ingressService and ingressSelector"},
		{"values.global.outboundTrafficPolicy", "set meshConfig.outboundTrafficPolicy.mode"},
		{"values.global.proxy.accessLogFile", "set meshConfig.accessLogFile"},
		{"values.global.proxy.accessLogFormat", "set meshConfig.accessLogFormat"},
		{"values.global.proxy.accessLogEncoding", "set meshConfig.accessLogEncoding"},
		{"values.global.proxy.concurrency", "set meshConfig.defaultConfig.concurrency"},
		{"values.global.proxy.envoyStatsd", "set meshConfig.defaultConfig.statsdUdpAddress"},
		{"values.global.proxy.protocolDetectionTimeout", "set meshConfig.protocolDetectionTimeout"},
		{"values.global.proxy.tracer.zipkin", "set meshConfig.defaultConfig.tracing.zipkin.address"},
		{"values.global.proxy.dnsRefreshRate", "set meshConfig.dnsRefreshRate"},
		{"values.global.trustDomain", "set meshConfig.trustDomain"},
		{"values.global.localityLbSetting", "set meshConfig.localityLbSetting"},
		{"values.global.defaultConfigVisibilitySettings", "set meshConfig.defaultServiceExportTo and its siblings"},
		{"values.global.enableHelmTest", "leave it out"},
		{"values.global.oneNamespace", "set discoverySelectors in meshConfig"},
		{"values.global.monitoringPort", "the port is fixed at 15014; leave it out"},
		{"values.pilot.sidecar", istiod},
		{"values.pilot.useMCP", "configuration is always read from the API server; leave it out"},
		{"values.pilot.policy", "Mixer policy checks are gone; leave it out"},
		{"values.pilot.telemetry", "set values.telemetry"},
		{"values.pilot.enableProtocolSniffingForInbound", "protocols are always detected; set meshConfig.protocolDetectionTimeout to change how"},
		{"values.pilot.enableProtocolSniffingForOutbound", "protocols are always detected; set meshConfig.protocolDetectionTimeout to change how"},
		{"values.pilot.keepaliveMaxServerConnectionAge", "leave it out"},
		{"values.clusterResources", noUse},
		{"values.base.enableCRDTemplates", noUse},
		{"values.gateways.istio-ingressgateway.zvpn", noUse},
		{"values.gateways.istio-egressgateway.zvpn", noUse},
		{"values.gateways.istio-ingressgateway.applicationPorts", noUse},
		{"values.gateways.istio-ingressgateway.debug", "set the level by meshctl proxy-config log, or by k8s.podAnnotations sidecar.istio.io/logLevel"},
		{"values.gateways.istio-ingressgateway.domain", noUse},
		{"values.gateways.istio-ingressgateway.meshExpansionPorts", "add an entry to components.ingressGateways with those ports in k8s.service.ports (east-west gateway)"},
		{"values.global.meshExpansion", "add an entry to components.ingressGateways for traffic from outside of the cluster (east-west gateway)"},
		{"values.sidecarInjectorWebhook.injectLabel", "namespaces are always chosen by istio-injection and istio.io/rev; leave it out"},
		{"values.sidecarInjectorWebhook.objectSelector", "pods are always chosen by sidecar.istio.io/inject; leave it out"},
		{"values.telemetry.v2.metadataExchange", wasm},
		{"values.telemetry.v2.prometheus.wasmEnabled", wasm},
		{"values.telemetry.v2.prometheus.configOverride", "use the Telemetry API: metrics overrides"},
		{"values.telemetry.v2.stackdriver.configOverride", "use the Telemetry API: metrics overrides"},
		{"values.telemetry.v1", "Mixer telemetry was removed in 1.8; set values.telemetry.v2 or use the Telemetry API"},
		{"addonComponents", addon},
		{"trafficManagement", istiod},
		{"policy", "Mixer was removed in 1.8"},
		{"telemetry", "Mixer was removed in 1.8: see values.telemetry and the Telemetry API"},
		{"security", istiod},
		{"configManagement", istiod},
		{"autoInjection", istiod},
		{"gateways", "use components.ingressGateways and components.egressGateways"},
		{"components.citadel", istiod},
		{"components.galley", istiod},
		{"components.sidecarInjector", istiod},
		{"components.nodeAgent", "each proxy fetches its own certificate; leave it out"},
		{"components.certManager", "cert-manager is installed by its own chart"},
		{"components.policy", "Mixer was removed in 1.8"},
		{"components.telemetry", "Mixer was removed in 1.8"},
		{"components.coreDNS", "removed in 1.8: set meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE=true"},
		{"components.proxy", "set values.global.proxy"},
		{"components.injector", istiod},
	}
}

// replacement tells what took the place of a field, "" if it was never one.
func replacement(keys []string) string {
	path := strings.TrimPrefix(joinPath(keys), "spec.")
	for _, r := range retiredSettings() {
		if r.path == path {
			return r.note
		}
	}
	if len(keys) > 0 && keys[len(keys)-1] == "targetAverageUtilization" {
		return "autoscaling/v2 writes it as target: {type: Utilization, averageUtilization: NUMBER}"
	}
	return ""
}

// legacyValuesNote recognises Helm values handed in as an operator file.
func legacyValuesNote(values Values) string {
	var gone []string
	for _, key := range sortedKeys(values) {
		if note := replacement([]string{"values", key}); note != "" {
			gone = append(gone, "\n  "+key+": "+note)
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "\nthese look like Helm values of an old release, of which are gone:" + strings.Join(gone, "")
}
