package install

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// sizesOf gives the document with the values that charts have by themselves: a
// request is compared with the limit of the chart if the user gives none.
func sizesOf(merged Values, charts Charts) Values {
	defaults := Values{}
	for _, comp := range components() {
		if comp.kind == "" || charts.fetch != nil && comp.releaseName != "" {
			continue
		}
		own := chartDefaults(charts.profiles(), comp.chart)
		if comp.gateway() {
			mergeInto(defaults, own)
			continue
		}
		put(defaults, own, comp.root)
		if comp.name == "Pilot" {
			mergeInto(defaults, Values{"global": lookupMap(own, "global")})
		}
	}
	out := clone(merged)
	put(out, combine(defaults, lookupMap(out, "spec", "values")), "spec", "values")
	return out
}

// chartDefaults reads the values of a chart. Istio's charts keep them below one
// key, so that profiles can come between them and the user's.
func chartDefaults(charts fs.FS, chart string) Values {
	data, err := fs.ReadFile(charts, path.Join("charts", chart, "values.yaml"))
	values := Values{}
	if err == nil {
		err = yaml.Unmarshal(data, &values)
	}
	if err != nil {
		return Values{} // broken charts are told of when they are rendered
	}
	if inner := lookupMap(values, "_internal_defaults_do_not_set"); inner != nil {
		return inner
	}
	return values
}

// mentions tells whether a mapping anywhere in a tree has one of the keys.
func mentions(tree any, keys ...string) bool {
	switch tree := tree.(type) {
	case map[string]any:
		for key, inner := range tree {
			if slices.Contains(keys, key) || mentions(inner, keys...) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(tree, func(e any) bool { return mentions(e, keys...) })
	}
	return false
}

// checkReplicas finds autoscalers and disruption budgets that the API server
// refuses.
func (v *validator) checkReplicas(merged Values) {
	for _, comp := range components() {
		if comp.kind != "Deployment" {
			continue
		}
		lowest, _ := lookup(merged, comp.rootPath("autoscaleMin")...)
		highest, _ := lookup(merged, comp.rootPath("autoscaleMax")...)
		v.checkRange(comp.rootPath("autoscaleMin"), comp.rootPath("autoscaleMax"), asInt(lowest), asInt(highest))
		for _, at := range entryPaths(merged, comp) {
			k8s := lookupAt(merged, append(at, "k8s"))
			hpa := append(at, "k8s", "hpaSpec")
			low, _ := lookup(k8s, "hpaSpec", "minReplicas")
			high, _ := lookup(k8s, "hpaSpec", "maxReplicas")
			v.checkRange(append(slices.Clone(hpa), "minReplicas"), append(slices.Clone(hpa), "maxReplicas"), asInt(low), asInt(high))
			pdb := append(slices.Clone(at), "k8s", "podDisruptionBudget")
			least, hasLeast := lookup(k8s, "podDisruptionBudget", "minAvailable")
			most, hasMost := lookup(k8s, "podDisruptionBudget", "maxUnavailable")
			if hasLeast && hasMost && least != nil && most != nil {
				v.conflict(append(slices.Clone(pdb), "maxUnavailable"), append(slices.Clone(pdb), "minAvailable"),
					"a disruption budget takes either maxUnavailable or minAvailable", "leave one of them out")
			}
		}
	}
}

func (v *validator) checkRange(lowKeys, highKeys []string, low, high int64) {
	if low > 0 && high > 0 && low > high {
		v.conflict(lowKeys, highKeys, fmt.Sprintf("the least number of replicas, %d, is above the greatest, %d", low, high), "")
	}
}

// entryPaths are the places of a component's entries in the document.
func entryPaths(merged Values, comp component) [][]string {
	at := []string{"spec", "components", comp.key}
	found, _ := lookup(merged, at...)
	list, many := found.([]any)
	if !many {
		return [][]string{at}
	}
	var paths [][]string
	for n := range list {
		paths = append(paths, append(slices.Clone(at), "["+strconv.Itoa(n)+"]"))
	}
	return paths
}

// lookupAt is lookup with list positions among the keys.
func lookupAt(v Values, keys []string) Values {
	var current any = v
	for _, key := range keys {
		if list, ok := current.([]any); ok {
			n, err := strconv.Atoi(strings.Trim(key, "[]"))
			if err != nil || n >= len(list) {
				return nil
			}
			current = list[n]
			continue
		}
		m, _ := current.(map[string]any)
		current = m[key]
	}
	m, _ := current.(map[string]any)
	return m
}

// checkResources finds containers that ask for more than they may have: the API
// server refuses their pods. For the proxy that is every pod of the mesh.
func (v *validator) checkResources(merged Values) {
	places := [][]string{
		{"spec", "values", "global", "proxy", "resources"},
		{"spec", "values", "global", "proxy_init", "resources"},
		{"spec", "values", "global", "waypoint", "resources"},
		{"spec", "values", "ztunnel", "resources"},
		{"spec", "values", "cni", "resources"},
	}
	for _, comp := range components() {
		if comp.kind == "Deployment" {
			places = append(places, comp.rootPath("resources"))
		}
	}
	for _, at := range places {
		v.checkRequests(at, lookupAt(merged, at))
	}
	for _, comp := range components() {
		for _, at := range entryPaths(merged, comp) {
			own := lookupMap(lookupAt(merged, at), "k8s", "resources")
			if own != nil { // a patch over what the chart renders
				v.checkRequests(append(at, "k8s", "resources"), combine(lookupMap(merged, comp.rootPath("resources")...), own))
			}
		}
	}
}

func (v *validator) checkRequests(at []string, resources Values) {
	for _, name := range sortedKeys(lookupMap(resources, "requests")) {
		request, okR := quantity(lookupMap(resources, "requests")[name])
		limit, okL := quantity(lookupMap(resources, "limits")[name])
		if okR && okL && request.Cmp(limit) > 0 {
			v.conflict(append(slices.Clone(at), "requests", name), append(slices.Clone(at), "limits", name),
				fmt.Sprintf("the request %s is above the limit %s", request.String(), limit.String()), "raise the limit too")
		}
	}
}

func quantity(value any) (resource.Quantity, bool) {
	if value == nil {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(fmt.Sprint(value))
	return q, err == nil
}
