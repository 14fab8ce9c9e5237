package xds

import "github.com/go-json-experiment/json/jsontext"

// RouteConfig is config.route.v3.RouteConfiguration.
type RouteConfig struct {
	Name         string        `json:"name"`
	VirtualHosts []VirtualHost `json:"virtual_hosts"`
}

// VirtualHost is config.route.v3.VirtualHost.
type VirtualHost struct {
	Name     string   `json:"name"`
	Domains  []string `json:"domains"`
	Routes   []Route  `json:"routes"`
	Metadata Metadata `json:"metadata"`
}

// Route is config.route.v3.Route.
type Route struct {
	Name     string         `json:"name"`
	Match    RouteMatch     `json:"match"`
	Action   *RouteAction   `json:"route"`
	Redirect jsontext.Value `json:"redirect"`
	Direct   jsontext.Value `json:"direct_response"`
	Metadata Metadata       `json:"metadata"`
}

// RouteMatch is config.route.v3.RouteMatch.
type RouteMatch struct {
	Prefix          string `json:"prefix"`
	Path            string `json:"path"`
	SeparatedPrefix string `json:"path_separated_prefix"`
	Regex           *Regex `json:"safe_regex"`
}

// Regex is type.matcher.v3.RegexMatcher.
type Regex struct {
	Regex string `json:"regex"`
}

// RouteAction is config.route.v3.RouteAction.
type RouteAction struct {
	Cluster string `json:"cluster"`
}
