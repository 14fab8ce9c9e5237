package xds

import "github.com/go-json-experiment/json/jsontext"

// RouteConfig is config.route.v3.RouteConfiguration.
type RouteConfig struct {
	Name         string        `json:"name"`
	VirtualHosts []VirtualHost `json:"virtual_hosts"`
	IgnorePort   bool          `json:"ignore_port_in_host_matching"`
	// HostHeader takes the place of :authority in the search for a virtual host.
	HostHeader string    `json:"vhost_header"`
	PerFilter  Overrides `json:"typed_per_filter_config"`
}

// VirtualHost is config.route.v3.VirtualHost.
type VirtualHost struct {
	Name       string         `json:"name"`
	Domains    []string       `json:"domains"`
	Routes     []Route        `json:"routes"`
	Matcher    jsontext.Value `json:"matcher"`
	RequireTLS Text           `json:"require_tls"`
	PerFilter  Overrides      `json:"typed_per_filter_config"`
	Metadata   Metadata       `json:"metadata"`
	Retry      *RetryPolicy   `json:"retry_policy"`
}

// Overrides are what a route says to a filter, by the filter's name.
type Overrides map[string]jsontext.Value

// Route is config.route.v3.Route.
type Route struct {
	Name      string          `json:"name"`
	Match     RouteMatch      `json:"match"`
	Action    *RouteAction    `json:"route"`
	Redirect  *Redirect       `json:"redirect"`
	Direct    *DirectResponse `json:"direct_response"`
	Filter    jsontext.Value  `json:"filter_action"`
	None      jsontext.Value  `json:"non_forwarding_action"`
	PerFilter Overrides       `json:"typed_per_filter_config"`
	Metadata  Metadata        `json:"metadata"`
}

// RouteMatch is config.route.v3.RouteMatch.
type RouteMatch struct {
	Prefix          string          `json:"prefix"`
	Path            string          `json:"path"`
	SeparatedPrefix string          `json:"path_separated_prefix"`
	Regex           *Regex          `json:"safe_regex"`
	OldRegex        string          `json:"regex"` // v2
	Connect         jsontext.Value  `json:"connect_matcher"`
	Policy          *TypedExtension `json:"path_match_policy"`
	CaseSensitive   *bool           `json:"case_sensitive"`
	Fraction        *struct {
		Default Fraction `json:"default_value"`
		Key     string   `json:"runtime_key"`
	} `json:"runtime_fraction"`
	Headers []HeaderMatcher `json:"headers"`
	Query   []QueryMatcher  `json:"query_parameters"`
	Cookies []CookieMatcher `json:"cookies"`
	GRPC    jsontext.Value  `json:"grpc"`
	TLS     *struct {
		Presented *bool `json:"presented"`
		Validated *bool `json:"validated"`
	} `json:"tls_context"`
	Metadata    []jsontext.Value `json:"dynamic_metadata"`
	FilterState []jsontext.Value `json:"filter_state"`
}

// TypedExtension is an extension of a route: the template that a path must fit.
type TypedExtension struct {
	Name  string `json:"name"`
	Typed struct {
		Template string `json:"path_template"`
		Rewrite  string `json:"path_template_rewrite"`
	} `json:"typed_config"`
}
