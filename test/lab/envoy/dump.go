package envoy

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// serveConfigDump serves /config_dump with Envoy's parameters: include_eds,
// resource, mask and name_regex.
func (p *Proxy) serveConfigDump(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var name *regexp.Regexp
	if pattern := query.Get("name_regex"); pattern != "" {
		var err error
		if name, err = regexp.Compile(pattern); err != nil {
			http.Error(w, fmt.Sprintf("Error while parsing name_regex from %s: %v", pattern, err), http.StatusBadRequest)
			return
		}
	}
	sections := p.sections(query.Has("include_eds"))
	if name != nil {
		for _, s := range sections {
			filterNames(s, name)
		}
	}
	var parts []proto.Message
	if resource := query.Get("resource"); resource != "" {
		var found bool
		if parts, found = entries(sections, resource); !found {
			http.Error(w, resource+" not found in config dump", http.StatusNotFound)
			return
		}
	} else {
		parts = sections
	}
	dump := &adminv3.ConfigDump{}
	for _, part := range parts {
		if mask := query.Get("mask"); mask != "" {
			part = proto.Clone(part) // it shares resources with the store
			if err := trim(part, mask); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		packed, err := anypb.New(part)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		dump.Configs = append(dump.Configs, packed)
	}
	writeProto(w, dump)
}

// sections returns the parts of a dump in Envoy's order.
func (p *Proxy) sections(endpoints bool) []proto.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	started := timestamppb.New(p.started.Truncate(time.Millisecond))
	sections := []proto.Message{
		&adminv3.BootstrapConfigDump{Bootstrap: p.config.Bootstrap, LastUpdated: started},
		p.clusterSection(started),
		p.extensionSection(),
	}
	if endpoints {
		sections = append(sections, p.endpointSection())
	}
	return append(sections,
		p.listenerSection(started),
		&adminv3.ScopedRoutesConfigDump{},
		p.routeSection(started),
		p.secretSection(),
	)
}

func (p *Proxy) clusterSection(started *timestamppb.Timestamp) *adminv3.ClustersConfigDump {
	k := p.store.kinds[ClusterType]
	section := &adminv3.ClustersConfigDump{VersionInfo: k.version}
	for _, c := range p.config.Bootstrap.GetStaticResources().GetClusters() {
		section.StaticClusters = append(section.StaticClusters, &adminv3.ClustersConfigDump_StaticCluster{Cluster: pack(c), LastUpdated: started})
	}
	for _, name := range slices.Sorted(maps.Keys(k.resources)) {
		r := k.resources[name]
		section.DynamicActiveClusters = append(section.DynamicActiveClusters, &adminv3.ClustersConfigDump_DynamicCluster{
			VersionInfo: r.version, Cluster: r.any, LastUpdated: stamp(r.updated), ErrorState: r.failed.state(),
		})
	}
	return section
}

func (p *Proxy) extensionSection() *adminv3.EcdsConfigDump {
	k := p.store.kinds[ExtensionType]
	section := &adminv3.EcdsConfigDump{}
	for _, name := range slices.Sorted(maps.Keys(k.resources)) {
		r := k.resources[name]
		section.EcdsFilters = append(section.EcdsFilters, &adminv3.EcdsConfigDump_EcdsFilterConfig{
			VersionInfo: r.version, EcdsFilter: r.any, LastUpdated: stamp(r.updated), ErrorState: r.failed.state(),
		})
	}
	return section
}

func (p *Proxy) endpointSection() *adminv3.EndpointsConfigDump {
	section := &adminv3.EndpointsConfigDump{}
	for _, c := range p.config.Bootstrap.GetStaticResources().GetClusters() {
		section.StaticEndpointConfigs = append(section.StaticEndpointConfigs,
			&adminv3.EndpointsConfigDump_StaticEndpointConfig{EndpointConfig: pack(settled(c.GetName(), c.GetLoadAssignment()))})
	}
	clusters := p.store.kinds[ClusterType]
	for _, name := range slices.Sorted(maps.Keys(clusters.resources)) {
		section.DynamicEndpointConfigs = append(section.DynamicEndpointConfigs,
			&adminv3.EndpointsConfigDump_DynamicEndpointConfig{EndpointConfig: pack(settled(name, p.assignment(name)))})
	}
	return section
}

// assignment returns the endpoints of a cluster from istiod, wherever they are.
func (p *Proxy) assignment(cluster string) *endpointv3.ClusterLoadAssignment {
	held := p.store.kinds[ClusterType].resources[cluster]
	if held == nil {
		return nil
	}
	c, ok := held.message.(*clusterv3.Cluster)
	if !ok {
		return nil
	}
	if c.GetType() != clusterv3.Cluster_EDS {
		return c.GetLoadAssignment()
	}
	if r := p.store.kinds[EndpointType].resources[endpointsOf(c)]; r != nil {
		if m, ok := r.message.(*endpointv3.ClusterLoadAssignment); ok {
			return m
		}
	}
	return nil
}

// settled returns endpoints as Envoy holds them: each with a health status and
// a weight.
func settled(cluster string, from *endpointv3.ClusterLoadAssignment) *endpointv3.ClusterLoadAssignment {
	to := &endpointv3.ClusterLoadAssignment{ClusterName: cluster}
	if from != nil {
		proto.Merge(to, from)
		to.ClusterName = cluster
	}
	if to.Policy == nil {
		to.Policy = &endpointv3.ClusterLoadAssignment_Policy{}
	}
	if to.Policy.OverprovisioningFactor == nil {
		to.Policy.OverprovisioningFactor = wrapperspb.UInt32(140)
	}
	for _, locality := range to.GetEndpoints() {
		if locality.Locality == nil {
			locality.Locality = &corev3.Locality{}
		}
		for _, e := range locality.GetLbEndpoints() {
			if e.GetHealthStatus() == corev3.HealthStatus_UNKNOWN {
				e.HealthStatus = corev3.HealthStatus_HEALTHY
			}
			if e.LoadBalancingWeight == nil {
				e.LoadBalancingWeight = wrapperspb.UInt32(1)
			}
		}
	}
	return to
}

func (p *Proxy) listenerSection(started *timestamppb.Timestamp) *adminv3.ListenersConfigDump {
	k := p.store.kinds[ListenerType]
	section := &adminv3.ListenersConfigDump{VersionInfo: k.version}
	for _, l := range p.config.Bootstrap.GetStaticResources().GetListeners() {
		section.StaticListeners = append(section.StaticListeners, &adminv3.ListenersConfigDump_StaticListener{Listener: pack(l), LastUpdated: started})
	}
	for _, name := range k.order {
		r := k.resources[name]
		entry := &adminv3.ListenersConfigDump_DynamicListener{Name: name, ErrorState: r.failed.state()}
		if r.any != nil {
			entry.ActiveState = &adminv3.ListenersConfigDump_DynamicListenerState{VersionInfo: r.version, Listener: r.any, LastUpdated: stamp(r.updated)}
		}
		section.DynamicListeners = append(section.DynamicListeners, entry)
	}
	return section
}

// routeSection holds the routes that stand in listeners as static ones.
func (p *Proxy) routeSection(started *timestamppb.Timestamp) *adminv3.RoutesConfigDump {
	section := &adminv3.RoutesConfigDump{}
	add := func(in proto.Message, updated *timestamppb.Timestamp) {
		walk(in.ProtoReflect(), func(m proto.Message) {
			if manager, ok := m.(*hcmv3.HttpConnectionManager); ok && manager.GetRouteConfig() != nil {
				section.StaticRouteConfigs = append(section.StaticRouteConfigs,
					&adminv3.RoutesConfigDump_StaticRouteConfig{RouteConfig: pack(manager.GetRouteConfig()), LastUpdated: updated})
			}
		})
	}
	for _, l := range p.config.Bootstrap.GetStaticResources().GetListeners() {
		add(l, started)
	}
	listeners := p.store.kinds[ListenerType]
	for _, name := range listeners.order {
		if r := listeners.resources[name]; r.message != nil {
			add(r.message, stamp(r.updated))
		}
	}
	k := p.store.kinds[RouteType]
	for _, name := range slices.Sorted(maps.Keys(k.resources)) {
		r := k.resources[name]
		section.DynamicRouteConfigs = append(section.DynamicRouteConfigs, &adminv3.RoutesConfigDump_DynamicRouteConfig{
			VersionInfo: r.version, RouteConfig: r.any, LastUpdated: stamp(r.updated), ErrorState: r.failed.state(),
		})
	}
	return section
}

// secretSection shows secrets without what makes them secret.
func (p *Proxy) secretSection() *adminv3.SecretsConfigDump {
	k := p.store.kinds[SecretType]
	section := &adminv3.SecretsConfigDump{}
	for _, name := range slices.Sorted(maps.Keys(k.names)) {
		r, held := k.resources[name]
		if !held {
			section.DynamicWarmingSecrets = append(section.DynamicWarmingSecrets, &adminv3.SecretsConfigDump_DynamicSecret{
				Name: name, VersionInfo: "uninitialized", LastUpdated: stamp(p.started), Secret: pack(&tlsv3.Secret{Name: name}),
			})
			continue
		}
		secret, ok := proto.Clone(r.message).(*tlsv3.Secret)
		if !ok {
			continue
		}
		redacted := &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: []byte("[redacted]")}}
		if certificate := secret.GetTlsCertificate(); certificate != nil {
			certificate.PrivateKey = redacted
		}
		if generic := secret.GetGenericSecret(); generic != nil {
			generic.Secret = redacted
		}
		section.DynamicActiveSecrets = append(section.DynamicActiveSecrets, &adminv3.SecretsConfigDump_DynamicSecret{
			Name: name, VersionInfo: r.version, LastUpdated: stamp(r.updated), Secret: pack(secret),
		})
	}
	return section
}

// state is how Envoy shows a rejected version, nil where there is none.
func (f *failure) state() *adminv3.UpdateFailureState {
	if f == nil {
		return nil
	}
	return &adminv3.UpdateFailureState{FailedConfiguration: f.any, LastUpdateAttempt: stamp(f.at), Details: f.reason, VersionInfo: f.version}
}

// stamp cuts a time to the milliseconds that Envoy shows.
func stamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t.Truncate(time.Millisecond)) }

// pack packs a message that is known to be well-formed.
func pack(m proto.Message) *anypb.Any {
	packed, err := anypb.New(m)
	if err != nil {
		return &anypb.Any{}
	}
	return packed
}
