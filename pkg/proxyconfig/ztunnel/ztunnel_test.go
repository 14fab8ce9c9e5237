package ztunnel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const small = `{
 "workloads": [{"uid":"u1","name":"web-1","namespace":"shop","workloadIps":["10.0.0.1"],"node":"n1","protocol":"HBONE","status":"Healthy","waypoint":{"destination":"shop/way.shop.svc.cluster.local"}}],
 "services": {"/10.1.0.1": {"name":"way","namespace":"shop","hostname":"way.shop.svc.cluster.local","vips":["net/10.1.0.1"],"endpoints":{"a":{"workloadUid":"u1"},"b":{"workloadUid":"gone"}}}},
 "policies": [],
 "certificates": [{"identity":"spiffe://x","state":"Initializing"}],
 "workloadState": {"k": {"info":{"name":"web-1","namespace":"shop"},"connections":{"inbound":[{"src":"10.0.0.9:7","actualDst":"10.0.0.1:80","protocol":"HBONE"}]}}}
}`

func TestViews(t *testing.T) {
	d, err := Read(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][][]string{
		"workload":    {{"shop", "web-1", "10.0.0.1", "n1", "way", "HBONE"}},
		"service":     {{"shop", "way", "10.1.0.1", "None", "1/2"}},
		"policy":      nil,
		"certificate": {{"spiffe://x", "NA", "Initializing", "false", "NA", "NA", "NA"}},
		"connections": {{"web-1.shop", "Inbound", "web-1.shop:80", "10.0.0.9:7", "", "HBONE"}},
	}
	got := map[string][][]string{}
	for _, v := range Views() {
		got[v.Name] = v.Rows(d, Filter{}).Rows
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadRefusesWhatIsNoDump(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", `{"workloads": 7}`, `{"configs": []}`, small[:100]} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}
