package addons

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// schemaVersion is that of Grafana's dashboard format; newer ones read it.
const schemaVersion = 39

type object = map[string]any

// JSON writes a dashboard in Grafana's format.
func (d Dashboard) JSON() (string, error) {
	variables := []any{}
	for _, v := range d.Variables {
		query := fmt.Sprintf("label_values(%s, %s)", v.Metric, v.Label)
		variables = append(variables, object{
			"type": "query", "name": v.Name, "label": v.Title, "datasource": source(),
			"definition": query, "query": object{"query": query, "refId": v.Name},
			"refresh": 2, "sort": 1, "includeAll": false, "multi": false,
		})
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(object{
		"uid": "meshctl-" + d.Name, "title": d.Title, "description": d.About, "tags": []string{"istio"},
		"schemaVersion": schemaVersion, "version": 1, "editable": true, "graphTooltip": 1,
		"refresh": "30s", "time": object{"from": "now-30m", "to": "now"}, "timezone": "browser",
		"templating": object{"list": variables},
		"panels":     d.panels(),
		"links": []any{object{
			"type": "dashboards", "tags": []string{"istio"}, "title": "Istio", "asDropdown": true, "includeVars": true, "keepTime": true,
		}},
	})
	return b.String(), err
}

func source() object { return object{"type": "prometheus", "uid": "prometheus"} }

// panels are laid out row by row on Grafana's grid of 24 columns.
func (d Dashboard) panels() []any {
	all := []any{}
	id, y := 0, 0
	next := func() int { id++; return id }
	for _, row := range d.Rows {
		all = append(all, object{
			"id": next(), "type": "row", "title": row.Title, "collapsed": false, "panels": []any{},
			"gridPos": object{"x": 0, "y": y, "w": 24, "h": 1},
		})
		y++
		width, height := 24/len(row.Panels), 8
		if row.Panels[0].Kind == Number {
			height = 4
		}
		for i, p := range row.Panels {
			panel := p.json()
			panel["id"] = next()
			panel["gridPos"] = object{"x": i * width, "y": y, "w": width, "h": height}
			all = append(all, panel)
		}
		y += height
	}
	return all
}

func (p Panel) json() object {
	kind := p.Kind
	if kind == "" {
		kind = Graph
	}
	defaults := object{"unit": p.Unit, "min": 0}
	if p.Max > 0 {
		defaults["max"] = p.Max
	}
	if p.Unit == share && kind == Number {
		defaults["thresholds"] = object{"mode": "absolute", "steps": []any{
			object{"color": "green", "value": nil}, object{"color": "yellow", "value": 0.01}, object{"color": "red", "value": 0.05},
		}}
	}
	field := object{"defaults": defaults, "overrides": []any{}}
	panel := object{
		"type": string(kind), "title": p.Title, "description": p.About,
		"datasource": source(), "targets": p.targets(kind), "fieldConfig": field,
	}
	switch kind {
	case Graph:
		defaults["custom"] = object{"fillOpacity": 10, "lineWidth": 1, "showPoints": "never"}
		panel["options"] = object{
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	case Number:
		panel["options"] = object{"reduceOptions": object{"calcs": []string{"lastNotNull"}}, "graphMode": "area", "colorMode": "value"}
	case Table:
		panel["transformations"], field["overrides"] = p.columns()
	}
	return panel
}

func (p Panel) targets(kind Kind) []any {
	var targets []any
	for i, q := range p.Queries {
		target := object{"refId": refID(i), "datasource": source(), "expr": q.PromQL}
		switch {
		case kind == Table:
			target["format"], target["instant"], target["range"] = "table", true, false
		case q.Legend != "":
			target["legendFormat"] = q.Legend
		}
		targets = append(targets, target)
	}
	return targets
}

// columns make one table of the queries of a panel, and give each column its
// title and unit.
func (p Panel) columns() (transformations, overrides []any) {
	names := object{}
	for i, q := range p.Queries {
		value := "Value #" + refID(i)
		names[value] = q.Legend
		overrides = append(overrides, object{
			"matcher":    object{"id": "byName", "options": q.Legend},
			"properties": []any{object{"id": "unit", "value": q.Unit}},
		})
	}
	for label, title := range map[string]string{"destination_workload": "Workload", "destination_workload_namespace": "Namespace"} {
		if strings.Contains(p.Queries[0].PromQL, label) {
			names[label] = title
		}
	}
	return []any{
		object{"id": "merge", "options": object{}},
		object{"id": "organize", "options": object{"excludeByName": object{"Time": true}, "renameByName": names}},
	}, overrides
}

func refID(i int) string { return string(rune('A' + i)) }
