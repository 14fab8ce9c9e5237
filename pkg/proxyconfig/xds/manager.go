package xds

// Manager is extensions.filters.network.http_connection_manager.v3.
type Manager struct {
	Routes *RouteConfig `json:"route_config"`
	RDS    struct {
		Name string `json:"route_config_name"`
	} `json:"rds"`
	ScopedRoutes      *ScopedRoutes `json:"scoped_routes"`
	Filters           []HTTPFilter  `json:"http_filters"`
	StripMatchingPort bool          `json:"strip_matching_host_port"`
	StripAnyPort      bool          `json:"strip_any_host_port"`
	StripTrailingDot  bool          `json:"strip_trailing_host_dot"`
	MergeSlashes      bool          `json:"merge_slashes"`
	NormalizePath     bool          `json:"normalize_path"`
	EscapedSlashes    Text          `json:"path_with_escaped_slashes_action"`
}

// HTTPFilter is an HTTP filter.
type HTTPFilter struct {
	Name      string `json:"name"`
	Typed     Any    `json:"typed_config"`
	Discovery *struct {
		Types []string `json:"type_urls"`
	} `json:"config_discovery"`
	Disabled bool `json:"disabled"`
}

// IsRBAC tells whether the filter decides who may ask for what.
func (f HTTPFilter) IsRBAC() bool {
	return f.Typed.Type == "envoy.extensions.filters.http.rbac.v3.RBAC" || f.Name == "envoy.filters.http.rbac"
}

// TCPProxy is extensions.filters.network.tcp_proxy.v3.TcpProxy.
type TCPProxy struct {
	Cluster  string            `json:"cluster"`
	Weighted *WeightedClusters `json:"weighted_clusters"`
}
