package xds

// Tree is xds.type.matcher.v3.Matcher.
type Tree struct {
	List *struct {
		Matchers []struct {
			Predicate Predicate `json:"predicate"`
			OnMatch   OnMatch   `json:"on_match"`
		} `json:"matchers"`
	} `json:"matcher_list"`
	Map *struct {
		Input  Input `json:"input"`
		Exact  *Map  `json:"exact_match_map"`
		Prefix *Map  `json:"prefix_match_map"`
		Custom *struct {
			Typed TreeExtension `json:"typed_config"`
		} `json:"custom_match"`
	} `json:"matcher_tree"`
	OnNoMatch *OnMatch `json:"on_no_match"`
}

// Map leads from values to what is done for them.
type Map struct {
	Map map[string]OnMatch `json:"map"`
}

// OnMatch is Matcher.OnMatch: an action, or another tree.
type OnMatch struct {
	Tree        *Tree   `json:"matcher"`
	Action      *Action `json:"action"`
	KeepLooking bool    `json:"keep_matching"`
}

// Action is the extension that a tree ends in.
type Action struct {
	Name  string `json:"name"`
	Typed Any    `json:"typed_config"`
}

// Predicate is Matcher.MatcherList.Predicate.
type Predicate struct {
	Single *struct {
		Input  Input          `json:"input"`
		Value  *StringMatcher `json:"value_match"`
		Custom *struct {
			Typed Any `json:"typed_config"`
		} `json:"custom_match"`
	} `json:"single_predicate"`
	Or  *Predicates `json:"or_matcher"`
	And *Predicates `json:"and_matcher"`
	Not *Predicate  `json:"not_matcher"`
}

// Predicates are several.
type Predicates struct {
	Predicates []Predicate `json:"predicate"`
}

// Input is the extension that reads what is looked at from a connection or request.
type Input struct {
	Name  string `json:"name"`
	Typed struct {
		Type   string `json:"@type"`
		Header string `json:"header_name"`
		Query  string `json:"query_param"`
	} `json:"typed_config"`
}

// TreeExtension is a custom match of a tree: IPMatcher and ServerNameMatcher of
// xds.type.matcher.v3.
type TreeExtension struct {
	Type   string `json:"@type"`
	Ranges []struct {
		Ranges    []CIDR  `json:"ranges"`
		OnMatch   OnMatch `json:"on_match"`
		Exclusive bool    `json:"exclusive"`
	} `json:"range_matchers"`
	Domains []struct {
		Domains []string `json:"domains"`
		OnMatch OnMatch  `json:"on_match"`
	} `json:"domain_matchers"`
}

// ScopedRoutes is what a connection manager says about routes that are chosen by scope.
type ScopedRoutes struct {
	Name string `json:"name"`
	Key  struct {
		Fragments []ScopeFragment `json:"fragments"`
	} `json:"scope_key_builder"`
	Inline *struct {
		Scopes []Scope `json:"scoped_route_configurations"`
	} `json:"scoped_route_configurations_list"`
}

// ScopeFragment makes a part of the key of a scope from a header.
type ScopeFragment struct {
	Header *struct {
		Name      string `json:"name"`
		Separator string `json:"element_separator"`
		Index     *Uint  `json:"index"`
		Element   *struct {
			Separator string `json:"separator"`
			Key       string `json:"key"`
		} `json:"element"`
	} `json:"header_value_extractor"`
}

// Scope is config.route.v3.ScopedRouteConfiguration.
type Scope struct {
	Name      string       `json:"name"`
	RouteName string       `json:"route_configuration_name"`
	Routes    *RouteConfig `json:"route_configuration"`
	Key       struct {
		Fragments []struct {
			String string `json:"string_key"`
		} `json:"fragments"`
	} `json:"key"`
}

// ScopeSet is an element of a ScopedRoutesConfigDump.
type ScopeSet struct {
	Name   string  `json:"name"`
	Scopes []Scope `json:"scoped_route_configs"`
}
