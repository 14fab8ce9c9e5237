package dump

// list says what a field of a dump holds.
type list struct {
	section Section
	state   State
	// inner is the field of an element that holds the resource; empty where the
	// element is the resource itself.
	inner string
}

// lists maps the fields of a section, and of the static part of a bootstrap, to
// what they hold. The names are unique over all sections, so the type of the
// section need not be known. See envoy/admin/v3/config_dump_shared.proto.
//
// Names are written as Envoy prints them; other spellings go through fold.
func lists(field string) (list, bool) {
	l, ok := map[string]list{
		"staticclusters":            {Clusters, Static, "cluster"},
		"dynamicactiveclusters":     {Clusters, Active, "cluster"},
		"dynamicwarmingclusters":    {Clusters, Warming, "cluster"},
		"staticlisteners":           {Listeners, Static, "listener"},
		"dynamiclisteners":          {Listeners, Active, "listener"},
		"staticrouteconfigs":        {Routes, Static, "routeconfig"},
		"dynamicrouteconfigs":       {Routes, Active, "routeconfig"},
		"inlinescopedrouteconfigs":  {ScopedRoutes, Static, ""},
		"dynamicscopedrouteconfigs": {ScopedRoutes, Active, ""},
		"staticendpointconfigs":     {Endpoints, Static, "endpointconfig"},
		"dynamicendpointconfigs":    {Endpoints, Active, "endpointconfig"},
		"staticsecrets":             {Secrets, Static, "secret"},
		"dynamicactivesecrets":      {Secrets, Active, "secret"},
		"dynamicwarmingsecrets":     {Secrets, Warming, "secret"},
		"ecdsfilters":               {ECDS, Active, "ecdsfilter"},
		"clusterstatuses":           {Hosts, Active, ""},
		"bootstrap":                 {Bootstrap, Static, ""},
	}[fold(field)]
	return l, ok
}

// listenerStates maps the states of an element of dynamic_listeners.
func listenerStates(field string) (State, bool) {
	switch fold(field) {
	case "activestate":
		return Active, true
	case "warmingstate":
		return Warming, true
	case "drainingstate":
		return Draining, true
	}
	return 0, false
}

// fold makes static_clusters and staticClusters the same: Envoy writes the first,
// a dump that went through other tools has the second.
func fold(field string) string {
	out := make([]byte, 0, len(field))
	for i := range len(field) {
		switch c := field[i]; {
		case c == '_':
		case 'A' <= c && c <= 'Z':
			out = append(out, c+'a'-'A')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
