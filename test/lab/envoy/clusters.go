package envoy

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"
)

// serveClusters serves /clusters, as text or as JSON.
func (p *Proxy) serveClusters(w http.ResponseWriter, r *http.Request) {
	statuses := p.clusterStatuses()
	if r.URL.Query().Get("format") == "json" {
		writeProto(w, statuses)
		return
	}
	var text strings.Builder
	for _, c := range statuses.GetClusterStatuses() {
		writeCluster(&text, c)
	}
	fmt.Fprint(w, text.String())
}

// clusterStatuses lists all clusters with the hosts that they have.
func (p *Proxy) clusterStatuses() *adminv3.Clusters {
	p.mu.Lock()
	defer p.mu.Unlock()
	statuses := map[string]*adminv3.ClusterStatus{}
	for _, c := range p.config.Bootstrap.GetStaticResources().GetClusters() {
		statuses[c.GetName()] = clusterStatus(c, c.GetLoadAssignment(), false)
	}
	for name, r := range p.store.kinds[ClusterType].resources {
		if c, ok := r.message.(*clusterv3.Cluster); ok {
			statuses[name] = clusterStatus(c, p.assignment(name), true)
		}
	}
	all := &adminv3.Clusters{}
	for _, name := range slices.Sorted(maps.Keys(statuses)) {
		all.ClusterStatuses = append(all.ClusterStatuses, statuses[name])
	}
	return all
}

func clusterStatus(c *clusterv3.Cluster, assignment *endpointv3.ClusterLoadAssignment, viaAPI bool) *adminv3.ClusterStatus {
	status := &adminv3.ClusterStatus{
		Name: c.GetName(), AddedViaApi: viaAPI, CircuitBreakers: c.GetCircuitBreakers(),
		ObservabilityName: strings.TrimSuffix(c.GetAltStatName(), ";"), EdsServiceName: c.GetEdsClusterConfig().GetServiceName(),
	}
	if status.ObservabilityName == "" {
		status.ObservabilityName = c.GetName()
	}
	for _, locality := range assignment.GetEndpoints() {
		for _, e := range locality.GetLbEndpoints() {
			host := &adminv3.HostStatus{
				Address:      e.GetEndpoint().GetAddress(),
				Stats:        hostStats(),
				HealthStatus: &adminv3.HostHealthStatus{EdsHealthStatus: e.GetHealthStatus()},
				Weight:       max(1, e.GetLoadBalancingWeight().GetValue()),
				Priority:     locality.GetPriority(),
				Locality:     locality.GetLocality(),
			}
			if host.Locality == nil {
				host.Locality = &corev3.Locality{}
			}
			if host.HealthStatus.EdsHealthStatus == corev3.HealthStatus_UNKNOWN {
				host.HealthStatus.EdsHealthStatus = corev3.HealthStatus_HEALTHY
			}
			if socket := host.Address.GetSocketAddress(); socket != nil && net.ParseIP(socket.GetAddress()) == nil {
				host.Hostname = socket.GetAddress()
				host.Address = resolve(host.Address)
			}
			status.HostStatuses = append(status.HostStatuses, host)
		}
	}
	return status
}

// resolve stands for DNS, which a lab has not: each name gets an address from
// a range that is reserved for documentation, always the same.
func resolve(address *corev3.Address) *corev3.Address {
	resolved, ok := proto.Clone(address).(*corev3.Address)
	if !ok {
		return address
	}
	sum := 0
	for _, b := range []byte(address.GetSocketAddress().GetAddress()) {
		sum = (sum*31 + int(b)) % 254
	}
	resolved.GetSocketAddress().Address = fmt.Sprintf("198.51.100.%d", sum+1)
	return resolved
}

// hostStats are the counters of a host that no traffic has reached.
func hostStats() []*adminv3.SimpleMetric {
	var stats []*adminv3.SimpleMetric
	for _, name := range []string{"cx_active", "cx_connect_fail", "cx_total", "rq_active", "rq_error", "rq_success", "rq_timeout", "rq_total"} {
		metric := &adminv3.SimpleMetric{Name: name}
		if strings.HasSuffix(name, "_active") {
			metric.Type = adminv3.SimpleMetric_GAUGE
		}
		stats = append(stats, metric)
	}
	return stats
}

// writeCluster prints one cluster in the text form of /clusters.
func writeCluster(w *strings.Builder, c *adminv3.ClusterStatus) {
	line := func(parts ...any) {
		w.WriteString(c.GetName())
		for _, part := range parts {
			fmt.Fprintf(w, "::%v", part)
		}
		w.WriteByte('\n')
	}
	line("observability_name", c.GetObservabilityName())
	for i, priority := range []string{"default_priority", "high_priority"} {
		limits := &clusterv3.CircuitBreakers_Thresholds{}
		for _, t := range c.GetCircuitBreakers().GetThresholds() {
			if int(t.GetPriority()) == i {
				limits = t
			}
		}
		line(priority, "max_connections", or(limits.GetMaxConnections().GetValue(), 1024))
		line(priority, "max_pending_requests", or(limits.GetMaxPendingRequests().GetValue(), 1024))
		line(priority, "max_requests", or(limits.GetMaxRequests().GetValue(), 1024))
		line(priority, "max_retries", or(limits.GetMaxRetries().GetValue(), 3))
	}
	line("added_via_api", c.GetAddedViaApi())
	if c.GetEdsServiceName() != "" {
		line("eds_service_name", c.GetEdsServiceName())
	}
	for _, host := range c.GetHostStatuses() {
		at := printAddress(host.GetAddress())
		for _, metric := range host.GetStats() {
			line(at, metric.GetName(), metric.GetValue())
		}
		health := "healthy"
		if host.GetHealthStatus().GetEdsHealthStatus() != corev3.HealthStatus_HEALTHY {
			health = "/failed_eds_health"
		}
		for _, pair := range [][2]any{
			{"hostname", host.GetHostname()}, {"health_flags", health}, {"weight", host.GetWeight()},
			{"region", host.GetLocality().GetRegion()}, {"zone", host.GetLocality().GetZone()}, {"sub_zone", host.GetLocality().GetSubZone()},
			{"canary", false}, {"priority", host.GetPriority()}, {"success_rate", -1}, {"local_origin_success_rate", -1},
		} {
			line(at, pair[0], pair[1])
		}
	}
}

func or(value, fallback uint32) uint32 {
	if value == 0 {
		return fallback
	}
	return value
}

// printAddress prints an address as Envoy does.
func printAddress(a *corev3.Address) string {
	switch {
	case a.GetSocketAddress() != nil:
		return net.JoinHostPort(a.GetSocketAddress().GetAddress(), strconv.Itoa(int(a.GetSocketAddress().GetPortValue())))
	case a.GetPipe() != nil:
		return a.GetPipe().GetPath()
	default:
		return "envoy://" + a.GetEnvoyInternalAddress().GetServerListenerName() + "/" + a.GetEnvoyInternalAddress().GetEndpointId()
	}
}
