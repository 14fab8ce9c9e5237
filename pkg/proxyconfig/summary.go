package proxyconfig

import "github.com/meshctl/meshctl/pkg/proxyconfig/xds"

// The tables need much less of routes than a trace does. These shapes hold just that:
// decoding is where the time of a view goes.

type routeSummary struct {
	Name  string        `json:"name"`
	Hosts []hostSummary `json:"virtual_hosts"`
}

type hostSummary struct {
	Name    string   `json:"name"`
	Domains []string `json:"domains"`
	Routes  []struct {
		Name   string       `json:"name"`
		Match  matchSummary `json:"match"`
		Action *struct {
			Cluster string `json:"cluster"`
		} `json:"route"`
		Metadata xds.Metadata `json:"metadata"`
	} `json:"routes"`
}

type matchSummary struct {
	Prefix          string     `json:"prefix"`
	Path            string     `json:"path"`
	SeparatedPrefix string     `json:"path_separated_prefix"`
	Regex           *xds.Regex `json:"safe_regex"`
}

// managerSummary is where a connection manager has its routes from.
type managerSummary struct {
	Routes *routeSummary `json:"route_config"`
	RDS    struct {
		Name string `json:"route_config_name"`
	} `json:"rds"`
}
