package xds

import "github.com/go-json-experiment/json/jsontext"

// RouteAction is config.route.v3.RouteAction.
type RouteAction struct {
	Cluster        string            `json:"cluster"`
	ClusterHeader  string            `json:"cluster_header"`
	Weighted       *WeightedClusters `json:"weighted_clusters"`
	Plugin         string            `json:"cluster_specifier_plugin"`
	InlinePlugin   jsontext.Value    `json:"inline_cluster_specifier_plugin"`
	NotFound       Text              `json:"cluster_not_found_response_code"`
	PrefixRewrite  string            `json:"prefix_rewrite"`
	RegexRewrite   *RegexRewrite     `json:"regex_rewrite"`
	RewritePolicy  *TypedExtension   `json:"path_rewrite_policy"`
	HostLiteral    string            `json:"host_rewrite_literal"`
	HostAuto       bool              `json:"auto_host_rewrite"`
	HostHeader     string            `json:"host_rewrite_header"`
	HostPathRegex  *RegexRewrite     `json:"host_rewrite_path_regex"`
	Timeout        string            `json:"timeout"`
	IdleTimeout    string            `json:"idle_timeout"`
	Retry          *RetryPolicy      `json:"retry_policy"`
	Mirrors        []Mirror          `json:"request_mirror_policies"`
	HashPolicy     []jsontext.Value  `json:"hash_policy"`
	MaxGRPCTimeout string            `json:"max_grpc_timeout"`
}

// WeightedClusters is config.route.v3.WeightedCluster.
type WeightedClusters struct {
	Clusters []struct {
		Name          string    `json:"name"`
		ClusterHeader string    `json:"cluster_header"`
		Weight        Uint      `json:"weight"`
		PerFilter     Overrides `json:"typed_per_filter_config"`
	} `json:"clusters"`
}

// RegexRewrite is type.matcher.v3.RegexMatchAndSubstitute.
type RegexRewrite struct {
	Pattern      Regex  `json:"pattern"`
	Substitution string `json:"substitution"`
}

// RetryPolicy is config.route.v3.RetryPolicy.
type RetryPolicy struct {
	On         string `json:"retry_on"`
	Retries    *Uint  `json:"num_retries"`
	TryTimeout string `json:"per_try_timeout"`
}

// Mirror is config.route.v3.RouteAction.RequestMirrorPolicy.
type Mirror struct {
	Cluster  string `json:"cluster"`
	Fraction *struct {
		Default Fraction `json:"default_value"`
	} `json:"runtime_fraction"`
}

// Redirect is config.route.v3.RedirectAction.
type Redirect struct {
	HTTPS         bool          `json:"https_redirect"`
	Scheme        string        `json:"scheme_redirect"`
	Host          string        `json:"host_redirect"`
	Port          Uint          `json:"port_redirect"`
	Path          string        `json:"path_redirect"`
	PrefixRewrite string        `json:"prefix_rewrite"`
	RegexRewrite  *RegexRewrite `json:"regex_rewrite"`
	Code          Text          `json:"response_code"`
	StripQuery    bool          `json:"strip_query"`
}

// DirectResponse is config.route.v3.DirectResponseAction.
type DirectResponse struct {
	Status Uint `json:"status"`
	Body   Data `json:"body"`
}
