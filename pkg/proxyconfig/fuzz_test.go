package proxyconfig_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/arrival"
	"github.com/meshctl/meshctl/pkg/proxyconfig/authz"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/status"
)

// FuzzViews shows every view of whatever can be read as a dump.
func FuzzViews(f *testing.F) {
	shop, err := os.ReadFile("../../samples/shop-dumps/frontend.after.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shop, "catalog", 8080)
	f.Add([]byte("static_resources: {listeners: [{name: l, filter_chains: [{filters: [{}]}]}], clusters: [{name: c, load_assignment: {endpoints: [{lb_endpoints: [{}]}]}}]}"), "", 0)
	f.Add([]byte(`{"configs":[{"dynamic_active_secrets":[{"name":"default","secret":{"tls_certificate":{"certificate_chain":{"inline_bytes":"AAAA"}}}}]},{"ecds_filters":[{"ecds_filter":{}}]},{"bootstrap":{"node":{"metadata":[]}}}]}`), "inbound", 1)
	f.Add([]byte("c::10.0.0.1:80::health_flags::healthy\n"), "c", 80)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte, word string, port int) {
		d, err := dump.Read(bytes.NewReader(text), dump.All|dump.Whole)
		if err != nil {
			return
		}
		for _, filter := range []proxyconfig.Filter{{Now: now}, {Now: now, Wide: true}, {Now: now, Brief: true, FQDN: word, Name: word, Cluster: word, Address: word, Direction: word, Port: port}} {
			for _, view := range proxyconfig.Views() {
				r, err := view.Rows(d, filter)
				if err != nil {
					continue
				}
				for _, row := range r.Rows {
					if len(row) != len(r.Columns) {
						t.Errorf("%s: %d cells in %d columns", view.Name, len(row), len(r.Columns))
					}
				}
				if _, err := json.Marshal(r.Data()); err != nil {
					t.Errorf("%s: %v", view.Name, err)
				}
			}
		}
		_, _ = authz.Policies(d)
		_, _ = proxyconfig.Overview(d, proxyconfig.Filter{Now: now}, func(proxyconfig.Part) error { return nil })
	})
}

// FuzzIstiod reads whatever an istiod may answer.
func FuzzIstiod(f *testing.F) {
	f.Add([]byte(`[{"proxy":"a.b","resources":{"x.Cluster":{"sent":"2026-11-01T12:00:00Z/7","acked":"","sentTime":"2026-11-01T12:00:00Z"}}}]`))
	f.Add([]byte("pilot_inbound_updates{type=\"config\"} 3\n"))
	f.Fuzz(func(_ *testing.T, body []byte) {
		proxies, _ := status.Parse("istiod", body)
		arrival.NewestPush(proxies)
		_, _ = arrival.ParseConfigz(body)
		_, _ = arrival.ParsePush(string(body))
		_, _ = arrival.PushOf(body)
		_, _ = arrival.Events(body)
	})
}
