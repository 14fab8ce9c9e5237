package xds

// Assignment is config.endpoint.v3.ClusterLoadAssignment.
type Assignment struct {
	Cluster  string `json:"cluster_name"`
	Locality []struct {
		Locality  Locality   `json:"locality"`
		Priority  Uint       `json:"priority"`
		Weight    Uint       `json:"load_balancing_weight"`
		Endpoints []Endpoint `json:"lb_endpoints"`
	} `json:"endpoints"`
	Policy struct {
		Overprovisioning *Uint `json:"overprovisioning_factor"`
	} `json:"policy"`
}

// Endpoint is config.endpoint.v3.LbEndpoint.
type Endpoint struct {
	Health   Text `json:"health_status"`
	Weight   Uint `json:"load_balancing_weight"`
	Metadata struct {
		Filter struct {
			Socket map[string]Text `json:"envoy.transport_socket_match"`
			Istio  struct {
				Workload Text `json:"workload"`
			} `json:"istio"`
		} `json:"filter_metadata"`
	} `json:"metadata"`
	Endpoint struct {
		Address    Address `json:"address"`
		Hostname   string  `json:"hostname"`
		Additional []struct {
			Address Address `json:"address"`
		} `json:"additional_addresses"`
	} `json:"endpoint"`
}

// Status is the health that discovery reported.
func (e Endpoint) Status() string { return HealthStatus(e.Health) }

// HealthStatus is the name of a core.v3.HealthStatus, which may be a number.
func HealthStatus(t Text) string {
	names := []string{"UNKNOWN", "HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED"}
	if t == "" {
		return names[0]
	}
	if len(t) == 1 && t[0] >= '0' && int(t[0]-'0') < len(names) {
		return names[t[0]-'0']
	}
	return string(t)
}

// ClusterStatus is admin.v3.ClusterStatus, an element of /clusters.
type ClusterStatus struct {
	Name  string `json:"name"`
	Hosts []struct {
		Address  Address  `json:"address"`
		Weight   Uint     `json:"weight"`
		Locality Locality `json:"locality"`
		Hostname string   `json:"hostname"`
		Health   struct {
			EDS           Text `json:"eds_health_status"`
			FailedOutlier bool `json:"failed_outlier_check"`
			FailedActive  bool `json:"failed_active_health_check"`
		} `json:"health_status"`
	} `json:"host_statuses"`
}
