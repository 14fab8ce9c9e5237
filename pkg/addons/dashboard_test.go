package addons

import (
	"encoding/json"
	"strings"
	"testing"
)

// grafanaDashboard is what Grafana reads of a dashboard.
type grafanaDashboard struct {
	UID        string
	Title      string
	Templating struct{ List []struct{ Name string } }
	Panels     []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ RefID, Expr string }
	}
}

func TestDashboardsFitGrafanasGrid(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range Dashboards() {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var g grafanaDashboard
		if err := json.Unmarshal([]byte(text), &g); err != nil {
			t.Fatal(err)
		}
		if uids[g.UID] || len(g.UID) > 40 || g.Title != d.Title {
			t.Errorf("%s: UID %s", g.Title, g.UID)
		}
		uids[g.UID] = true
		taken, ids := map[[2]int]string{}, map[int]bool{}
		for _, p := range g.Panels {
			if ids[p.ID] {
				t.Errorf("%s: two panels have the id %d", d.Title, p.ID)
			}
			ids[p.ID] = true
			pos := p.GridPos
			if pos.W < 1 || pos.H < 1 || pos.X+pos.W > 24 {
				t.Errorf("%s: %s lies outside of the grid: %+v", d.Title, p.Title, pos)
			}
			for x := pos.X; x < pos.X+pos.W; x++ {
				for y := pos.Y; y < pos.Y+pos.H; y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("%s: %s lies over %s", d.Title, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type != "row" && len(p.Targets) == 0 {
				t.Errorf("%s: %s asks nothing", d.Title, p.Title)
			}
		}
	}
}

// The four golden signals are on the dashboards of mesh, service and workload.
func TestDashboardsHaveTheGoldenSignals(t *testing.T) {
	signals := map[string]string{
		"traffic": "istio_requests_total", "errors": failed, "latency": "istio_request_duration_milliseconds_bucket",
		"saturation": "container_memory_working_set_bytes",
	}
	for _, d := range Dashboards()[:3] {
		var all strings.Builder
		for _, row := range d.Rows {
			for _, p := range row.Panels {
				for _, q := range p.Queries {
					all.WriteString(q.PromQL + "\n")
				}
			}
		}
		for signal, metric := range signals {
			if !strings.Contains(all.String(), metric) {
				t.Errorf("%s shows no %s", d.Title, signal)
			}
		}
	}
}
