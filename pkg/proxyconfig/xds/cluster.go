package xds

// Cluster is the head of a config.cluster.v3.Cluster.
type Cluster struct {
	Name     string   `json:"name"`
	Type     Text     `json:"type"`
	Metadata Metadata `json:"metadata"`
}

// Upstream is a Cluster with all that matters to a request that goes there.
type Upstream struct {
	Cluster

	LbPolicy Text `json:"lb_policy"`
	EDS      struct {
		Service string `json:"service_name"`
	} `json:"eds_cluster_config"`
	Assignment *Assignment `json:"load_assignment"`
	Socket     *Socket     `json:"transport_socket"`
	Sockets    []struct {
		Name   string          `json:"name"`
		Match  map[string]Text `json:"match"`
		Socket Socket          `json:"transport_socket"`
	} `json:"transport_socket_matches"`
	Outliers *struct {
		Consecutive5xx *Uint  `json:"consecutive_5xx"`
		Gateway        *Uint  `json:"consecutive_gateway_failure"`
		Interval       string `json:"interval"`
		Ejection       string `json:"base_ejection_time"`
		MaxPercent     *Uint  `json:"max_ejection_percent"`
	} `json:"outlier_detection"`
	Breakers struct {
		Thresholds []struct {
			Priority    Text  `json:"priority"`
			Connections *Uint `json:"max_connections"`
			Pending     *Uint `json:"max_pending_requests"`
			Requests    *Uint `json:"max_requests"`
			Retries     *Uint `json:"max_retries"`
		} `json:"thresholds"`
	} `json:"circuit_breakers"`
	Lb struct {
		Panic *struct {
			Value *float64 `json:"value"`
		} `json:"healthy_panic_threshold"`
		ZoneAware struct {
			FailOnPanic bool `json:"fail_traffic_on_panic"`
		} `json:"zone_aware_lb_config"`
	} `json:"common_lb_config"`
}

// Discovery is how the cluster finds its endpoints. A type that is not set is the
// first of the enumeration, as in protobuf.
func (c Cluster) Discovery() string {
	switch c.Type {
	case "", "0":
		return "STATIC"
	case "1":
		return "STRICT_DNS"
	case "2":
		return "LOGICAL_DNS"
	case "3":
		return "EDS"
	case "4":
		return "ORIGINAL_DST"
	}
	return string(c.Type)
}
