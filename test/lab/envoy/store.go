package envoy

import (
	"bytes"
	"maps"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// The types of resources that a proxy subscribes to.
const (
	ClusterType   = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	EndpointType  = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	ListenerType  = "type.googleapis.com/envoy.config.listener.v3.Listener"
	RouteType     = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	SecretType    = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	ExtensionType = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
)

// types lists them in the order in which Envoy asks for them.
func types() []string {
	return []string{ClusterType, EndpointType, ListenerType, RouteType, ExtensionType, SecretType}
}

// store is the configuration that a proxy holds.
type store struct {
	config Config
	kinds  map[string]*kind
	agent  secrets // those that the agent has
}

// kind is all that a proxy holds of one type.
type kind struct {
	wildcard  bool            // all resources, or those that are named
	names     map[string]bool // the resources that are asked for, unless wildcard
	resources map[string]*resource
	order     []string // names in order of arrival

	subscribed map[string]bool // on the stream of today, incremental only

	version, nonce              string
	answered                    bool // a response was accepted or rejected
	attempts, success, rejected int
}

// resource is one resource with what Envoy notes about it.
type resource struct {
	any     *anypb.Any
	message proto.Message
	version string
	updated time.Time
	failed  *failure // the last version of it that was rejected
}

// failure is a rejected version of a resource.
type failure struct {
	any     *anypb.Any
	version string
	reason  string
	at      time.Time
}

func newStore(config Config) *store {
	s := &store{config: config, kinds: map[string]*kind{}, agent: newSecrets(config.Secrets)}
	for _, t := range types() {
		s.kinds[t] = &kind{
			wildcard:  t == ClusterType || t == ListenerType,
			names:     map[string]bool{},
			resources: map[string]*resource{},
		}
	}
	return s
}

// put takes over a resource unless it is the one that is held already.
func (k *kind) put(name, version string, packed *anypb.Any, message proto.Message, now time.Time) {
	old, known := k.resources[name]
	if known && old.any != nil && bytes.Equal(old.any.GetValue(), packed.GetValue()) {
		old.failed = nil
		return
	}
	if !known {
		k.order = append(k.order, name)
	}
	k.resources[name] = &resource{any: packed, message: message, version: version, updated: now}
}

// fail notes a rejected version of a resource, known or not.
func (k *kind) fail(name string, f *failure) {
	if _, known := k.resources[name]; !known {
		k.order = append(k.order, name)
		k.resources[name] = &resource{}
	}
	k.resources[name].failed = f
}

// keep drops all resources that are not among the names.
func (k *kind) keep(names map[string]bool) {
	maps.DeleteFunc(k.resources, func(name string, _ *resource) bool { return !names[name] })
	k.order = slices.DeleteFunc(k.order, func(name string) bool { return !names[name] })
}

// drop gives up resources by name.
func (k *kind) drop(names []string) {
	for _, name := range names {
		delete(k.resources, name)
	}
	k.order = slices.DeleteFunc(k.order, func(name string) bool { return slices.Contains(names, name) })
}

// refer works out which endpoints, routes, extensions and secrets the clusters
// and listeners ask for, and returns the types for which that has changed.
func (s *store) refer() []string {
	wanted := map[string]map[string]bool{EndpointType: {}, RouteType: {}, ExtensionType: {}, SecretType: {}}
	for _, t := range []string{ClusterType, ListenerType, ExtensionType} {
		for _, r := range s.kinds[t].resources {
			if r.message != nil {
				collect(r.message, wanted)
			}
		}
	}
	var changed []string
	for _, t := range types() {
		k := s.kinds[t]
		if k.wildcard || maps.Equal(k.names, wanted[t]) {
			continue
		}
		k.names = wanted[t]
		k.keep(k.names)
		changed = append(changed, t)
	}
	return changed
}

// missing names what was asked for and has not come.
func (s *store) missing() []string {
	var missing []string
	for _, t := range types() {
		k := s.kinds[t]
		if k.wildcard {
			if !k.answered {
				missing = append(missing, t)
			}
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(k.names)) {
			// istiod has no answer for a secret that does not exist, as in a
			// cluster: Envoy goes on without it.
			if _, ok := k.resources[name]; !ok && t != SecretType {
				missing = append(missing, name)
			}
		}
	}
	return missing
}

func (s *store) complete() bool { return len(s.missing()) == 0 }

// unpack decodes a resource and returns its name.
func unpack(packed *anypb.Any) (name string, message proto.Message, err error) {
	message, err = packed.UnmarshalNew()
	if err != nil {
		return "", nil, err
	}
	switch m := message.(type) {
	case *clusterv3.Cluster:
		name = m.GetName()
	case *endpointv3.ClusterLoadAssignment:
		name = m.GetClusterName()
	case *listenerv3.Listener:
		name = m.GetName()
	case *routev3.RouteConfiguration:
		name = m.GetName()
	case *tlsv3.Secret:
		name = m.GetName()
	case *corev3.TypedExtensionConfig:
		name = m.GetName()
	}
	return name, message, nil
}
