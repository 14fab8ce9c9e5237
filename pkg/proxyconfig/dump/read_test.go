package dump_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

const small = `{
 "configs": [
  {
   "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
   "bootstrap": {"node": {"id": "sidecar~10.0.0.1~a.b~b"}}
  },
  {
   "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
   "version_info": "7",
   "static_clusters": [{"cluster": {"name": "xds-grpc"}, "last_updated": "2026-01-01T00:00:00Z"}],
   "dynamic_active_clusters": [
    {"version_info": "7", "cluster": {"type": "EDS", "name": "outbound|80||a \"quoted\\"}},
    {"version_info": "8", "cluster": {"name": "second"}}
   ]
  },
  {
   "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
   "dynamic_listeners": [{
     "name": "entry",
     "active_state": {"version_info": "1", "listener": {"name": "entry"}},
     "warming_state": {"version_info": "2", "listener": {"name": "entry"}},
     "error_state": {"details": "no such filter"}
   }]
  },
  {"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump"},
  {"@type": "type.googleapis.com/acme.NewConfigDump", "things": [1, {"a": "]"}]}
 ]
}`

// line is a resource in one line of a test's expectation.
func line(r dump.Resource) string {
	return strings.Join([]string{r.Section.String(), r.State.String(), r.Name(), r.Version, r.Pointer}, " ")
}

func read(t *testing.T, text string, want dump.Section) *dump.Dump {
	t.Helper()
	// One byte at a time: every token is cut by a chunk's end.
	d, err := dump.Read(iotest.OneByteReader(strings.NewReader(text)), want)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func lines(d *dump.Dump) []string {
	var out []string
	for _, section := range dump.Sections() {
		for _, r := range d.List(section) {
			out = append(out, line(r))
		}
	}
	return out
}

func TestReadKeepsTheResourcesOfAllSections(t *testing.T) {
	d := read(t, small, dump.All)
	want := []string{
		"bootstrap STATIC   /configs/0/bootstrap",
		"cluster STATIC xds-grpc  /configs/1/static_clusters/0/cluster",
		`cluster ACTIVE outbound|80||a "quoted\ 7 /configs/1/dynamic_active_clusters/0/cluster`,
		"cluster ACTIVE second 8 /configs/1/dynamic_active_clusters/1/cluster",
		"listener ACTIVE entry 1 /configs/2/dynamic_listeners/0/active_state/listener",
		"listener WARMING entry 2 /configs/2/dynamic_listeners/0/warming_state/listener",
	}
	if diff := cmp.Diff(want, lines(d)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"NewConfigDump"}, d.Others); diff != "" {
		t.Error("unknown sections:", diff)
	}
	if got := string(d.List(dump.Listeners)[0].Problem); got != `{"details": "no such filter"}` {
		t.Errorf("error state %s", got)
	}
}

func TestReadKeepsOnlyWhatIsWanted(t *testing.T) {
	d := read(t, small, dump.Listeners)
	if got := len(d.List(dump.Clusters)); got != 0 {
		t.Errorf("%d clusters were kept though only listeners were wanted", got)
	}
	if len(d.List(dump.Listeners)) != 2 {
		t.Error("the listeners are missing")
	}
	if !d.Seen.Has(dump.Clusters | dump.Secrets) {
		t.Error("sections which are there but not wanted count as seen")
	}
}

func TestMissingSectionsSayWhatToDo(t *testing.T) {
	d := read(t, small, dump.All)
	if err := d.Need(dump.Secrets); err != nil {
		t.Errorf("an empty section is not a missing one: %v", err)
	}
	err := d.Need(dump.Endpoints)
	if err == nil || !strings.Contains(err.Error(), "include_eds") {
		t.Errorf("endpoints: %v", err)
	}
}

func TestReadTakesOtherForms(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(small)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"gzip", packed.String(), lines(read(t, small, dump.All))},
		{"byte order mark", "\xef\xbb\xbf" + small, lines(read(t, small, dump.All))},
		{"camelCase", `{"configs":[{"@type":"x/envoy.admin.v3.RoutesConfigDump","dynamicRouteConfigs":[{"versionInfo":"3","routeConfig":{"name":"80"}}]}]}`,
			[]string{"route ACTIVE 80 3 /configs/0/dynamicRouteConfigs/0/routeConfig"}},
		{"one resource type, as of ?resource=", `{"configs":[{"@type":"x/envoy.admin.v3.ClustersConfigDump.DynamicCluster","cluster":{"name":"c"}}]}`,
			[]string{"cluster ACTIVE c  /configs/0/cluster"}},
		{"/clusters", `{"cluster_statuses":[{"name":"c","host_statuses":[]}]}`,
			[]string{"host ACTIVE c  /cluster_statuses/0"}},
		{"/clusters as text", "c::default_priority::max_connections::1\nc::[fd00::1]:80::health_flags::healthy\n",
			[]string{"host ACTIVE c  "}},
		{"bootstrap in YAML", "static_resources:\n  clusters:\n  - name: c\n    load_assignment: {cluster_name: c}\n", []string{
			"bootstrap STATIC   ",
			"cluster STATIC c  /static_resources/clusters/0",
			"endpoint STATIC c  /static_resources/clusters/0/load_assignment"}},
		{"bootstrap in JSON", `{"admin":{},"static_resources":{"listeners":[{"name":"l","filter_chains":[{"filters":[{"config":{"route_config":{"name":"r"}}}]}]}]}}`, []string{
			"bootstrap STATIC   ",
			"listener STATIC l  /static_resources/listeners/0",
			"route STATIC r  /static_resources/listeners/0/filter_chains/0/filters/0/config/route_config"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, lines(read(t, c.text, dump.All))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadRefusesWhatIsNoDump(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "empty"},
		"blanks":        {" \n\t\n", "empty"},
		"HTML":          {"<html>login</html>", "HTML"},
		"a list":        {"[]", "list"},
		"prose":         {"upstream connect error\n", "expected a dump"},
		"binary":        {"\x00\x01\x02", "expected a dump"},
		"another JSON":  {`{"apiVersion":"v1","kind":"Pod"}`, "found apiVersion, kind"},
		"ztunnel":       {`{"workloads":{},"services":{}}`, "ztunnel"},
		"cut off":       {small[:len(small)/2], "line 13: the text ends too early"},
		"wrong bracket": {"{\n\"configs\": [ {\"a\": {]} ] }", "line 2: expected '}', found ']'"},
		"two documents": {`{"configs":[]}{}`, "expected the end"},
		"no value":      {`{"configs":}`, "expected"},
		"cut string":    {`{"configs":[{"@type":"x\`, "too early"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := dump.Read(strings.NewReader(c.text), dump.All)
			if err == nil {
				t.Fatalf("no error, read %q", lines(d))
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

// The whole text is given back, whatever kind of dump it is of.
func TestReadKeepsTheText(t *testing.T) {
	for _, text := range []string{
		small,
		`{}`, `{"configs":[]}`, `{"configs":[{},{"b":[],"a":null,"c":[1,"x",[]]}]}`,
		`{"cluster_statuses":[{"name":"c","host_statuses":[]}]}`,
		`{"static_resources":{"clusters":[{"name":"c"}]},"admin":{}}`,
	} {
		d := read(t, text, dump.Whole)
		var want, got any
		if err := errors.Join(json.Unmarshal([]byte(text), &want), json.Unmarshal(written(d), &got)); err != nil {
			t.Fatalf("%v in %s", err, written(d))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if all := read(t, text, dump.All|dump.Whole); !bytes.Equal(written(all), written(d)) || !slices.Equal(lines(all), lines(read(t, text, dump.All))) {
			t.Errorf("text and resources are not independent of each other in %s", text)
		}
	}
}

// written is the text of a dump as it was kept.
func written(d *dump.Dump) []byte {
	return bytes.Join(slices.Collect(d.Text.JSON(func(v jsontext.Value) jsontext.Value { return v })), nil)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("c::10.0.0.1:80::health_flags::healthy\n"))
	f.Add([]byte("static_resources: {clusters: [{name: c}]}"))
	f.Add([]byte(`{"configs":[{"dynamic_listeners":[{"active_state":null}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := dump.Read(bytes.NewReader(text), dump.All|dump.Whole)
		if err != nil {
			return
		}
		for _, section := range dump.Sections() {
			for _, r := range d.List(section) {
				_ = r.Name()
				_ = dump.Camel(r.Body)
			}
		}
		if d.Text == nil { // the text of /clusters
			return
		}
		again, err := dump.Read(bytes.NewReader(written(d)), dump.All)
		if err != nil || !slices.Equal(lines(again), lines(d)) {
			t.Errorf("the text that was kept says something else: %v\n%s", err, written(d))
		}
	})
}
