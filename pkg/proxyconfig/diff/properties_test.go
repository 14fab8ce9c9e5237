package diff_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// TestProperties holds for any two dumps what the package promises. The dumps are
// made at random, but the same in every run.
func TestProperties(t *testing.T) {
	seen := map[diff.Op]int{}
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			a := randomDump(r)
			b := mutate(r, a)
			left, right := marshal(t, a), marshal(t, b)
			if d := compare(t, left, left); !d.Equal() {
				t.Errorf("a dump differs from itself: %+v", d.Resources)
			}
			there, back := compare(t, left, right), compare(t, right, left)
			if d := gocmp.Diff(sorted(there), sorted(diff.Mirror(back))); d != "" {
				t.Errorf("not mirror images: %s", d)
			}
			for _, res := range there.Resources {
				seen[res.Op]++
				for _, c := range res.Changes {
					seen[c.Op]++
				}
			}
			patched := patch(t, left, right)
			if rest := compare(t, patched, right); !rest.Equal() {
				t.Errorf("the patch leaves %+v", rest.Resources)
			}
		})
	}
	for _, op := range []diff.Op{diff.Added, diff.Removed, diff.Changed, diff.Moved} {
		if seen[op] < 100 {
			t.Errorf("only %d times %q: the dumps are too much alike to prove anything", seen[op], op)
		}
	}
}

// Envoy escapes more characters than istiod does.
func TestEscapesAreNoDifference(t *testing.T) {
	dumpOf := func(text string) []byte {
		return []byte(`{"configs":[{"@type":"x/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"c","alt_stat_name":"` + text + `"}}]}]}`)
	}
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{`a >= 400`, `a \u003e= 400`, true},
		{`a/b`, `a\/b`, true},
		{`a\tb`, `a\u0009b`, true},
		{`a\\u003e`, `a>`, false},
		{`a\nb`, `a\tb`, false},
	} {
		if got := compare(t, dumpOf(c.a), dumpOf(c.b)).Equal(); got != c.equal {
			t.Errorf("%s and %s: equal %v, want %v", c.a, c.b, got, c.equal)
		}
	}
}

func compare(t *testing.T, a, b []byte) diff.Result {
	t.Helper()
	result, err := diff.Compare(read(t, a), read(t, b), diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func read(t *testing.T, text []byte) *dump.Dump {
	t.Helper()
	d, err := dump.Read(bytes.NewReader(text), diff.Reads)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

// patch applies the patch from a to b with a library that knows nothing of us.
func patch(t *testing.T, a, b []byte) []byte {
	t.Helper()
	ops, err := diff.Patch(read(t, a), read(t, b), diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(ops)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonpatch.DecodePatch(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := decoded.Apply(a)
	if err != nil {
		t.Fatalf("applying %s: %v", text, err)
	}
	return out
}

// sorted brings changes into an order that does not depend on the direction.
func sorted(r diff.Result) []diff.Resource {
	for _, res := range r.Resources {
		slices.SortFunc(res.Changes, func(a, b diff.Change) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Op, b.Op),
				cmp.Compare(string(a.Before)+string(a.After), string(b.Before)+string(b.After)))
		})
	}
	return r.Resources
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type object = map[string]any

// randomDump makes a small dump with the lists that are compared in different ways.
func randomDump(r *rand.Rand) object {
	var clusters, routes, listeners, endpoints []any
	for i := range 3 + r.IntN(4) {
		name := fmt.Sprintf("outbound|80||s%d", i)
		clusters = append(clusters, object{"version_info": "1", "cluster": object{"name": name, "type": "EDS", "weight": r.IntN(3)}})
		endpoints = append(endpoints, object{"endpoint_config": object{"cluster_name": name, "endpoints": []any{
			object{"locality": object{"region": "r"}, "lb_endpoints": randomEndpoints(r)}}}})
		listeners = append(listeners, object{"name": name, "active_state": object{"listener": object{
			"name": name, "filter_chains": []any{
				object{"filter_chain_match": object{"server_names": []any{name}}, "filters": randomFilters(r)},
				object{"filters": randomFilters(r)},
			}}}})
	}
	for i := range 2 {
		var hosts []any
		for h := range 1 + r.IntN(4) {
			hosts = append(hosts, object{"name": fmt.Sprint("h", h), "domains": randomWords(r), "routes": randomRoutes(r)})
		}
		routes = append(routes, object{"route_config": object{"name": fmt.Sprint(80 + i), "virtual_hosts": hosts}})
	}
	return object{"configs": []any{
		object{"@type": "x/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": clusters},
		object{"@type": "x/envoy.admin.v3.EndpointsConfigDump", "dynamic_endpoint_configs": endpoints},
		object{"@type": "x/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": listeners},
		object{"@type": "x/envoy.admin.v3.RoutesConfigDump", "dynamic_route_configs": routes},
	}}
}

func randomEndpoints(r *rand.Rand) []any {
	var out []any
	for range r.IntN(4) {
		out = append(out, object{"endpoint": object{"address": object{"socket_address": object{
			"address": fmt.Sprint("10.0.0.", r.IntN(5)), "port_value": 80}}}, "health_status": word(r)})
	}
	return out
}

func randomFilters(r *rand.Rand) []any {
	var out []any
	for _, i := range r.Perm(4)[:1+r.IntN(3)] {
		out = append(out, object{"name": fmt.Sprint("f", i), "typed_config": object{"@type": "t", "rules": []any{
			object{"x": word(r)}, object{"x": word(r)}}}})
	}
	return out
}

func randomRoutes(r *rand.Rand) []any {
	var out []any
	for range r.IntN(5) {
		route := object{"match": object{"prefix": "/" + word(r)}, "route": object{"cluster": word(r)}}
		if r.IntN(2) == 0 {
			route["name"] = fmt.Sprint("n", r.IntN(6))
		}
		if r.IntN(3) == 0 {
			route["match"].(object)["headers"] = []any{object{"name": word(r)}, object{"name": word(r), "invert_match": true}}
		}
		out = append(out, route)
	}
	return out
}

func randomWords(r *rand.Rand) []any {
	var out []any
	for _, i := range r.Perm(5)[:1+r.IntN(4)] {
		out = append(out, fmt.Sprint("w", i))
	}
	return out
}

func word(r *rand.Rand) string { return string(rune('a' + r.IntN(4))) }

// mutate copies a value and changes a few places in it.
func mutate(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for _, k := range slices.Sorted(keys(v)) {
			out[k] = mutate(r, v[k])
		}
		if len(out) > 1 && r.IntN(40) == 0 {
			out["extra"] = word(r)
		}
		return out
	case []any:
		var out []any
		for _, item := range v {
			switch r.IntN(25) {
			case 0: // removed
			case 1: // doubled, but for the sections
				out = append(out, mutate(r, item), mutate(r, item))
			default:
				out = append(out, mutate(r, item))
			}
		}
		if r.IntN(6) == 0 {
			r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		}
		if out == nil {
			out = []any{}
		}
		return out
	case string:
		if len(v) == 1 && r.IntN(12) == 0 {
			return word(r)
		}
	}
	return v
}

func keys(o object) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range o {
			if !yield(k) {
				return
			}
		}
	}
}
