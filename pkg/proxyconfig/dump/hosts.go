package dump

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// isClustersText tells whether text is what /clusters prints without format=json:
// lines of name::host::statistic::value.
func isClustersText(text []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte{'\n'})
	return bytes.Count(line, []byte("::")) >= 2
}

// status is one element of cluster_statuses, with what the text form tells, see
// envoy/admin/v3/clusters.proto.
type status struct {
	Name     string       `json:"name"`
	AddedAPI bool         `json:"added_via_api,omitzero"`
	Hosts    []hostStatus `json:"host_statuses,omitzero"`
}

type hostStatus struct {
	Address  map[string]any    `json:"address"`
	Health   map[string]any    `json:"health_status"`
	Weight   int               `json:"weight,omitzero"`
	Hostname string            `json:"hostname,omitzero"`
	Locality map[string]string `json:"locality,omitzero"`
}

// readClustersText brings the text form of /clusters into the shape of the JSON form.
func readClustersText(text []byte) (*Dump, error) {
	var order []*status
	byName := map[string]*status{}
	hosts := map[string]int{}
	for number, line := range strings.Split(string(text), "\n") {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), "::")
		if name == "" && !ok {
			continue
		}
		// An IPv6 address has "::" of its own, so the value and its key are cut from the end.
		rest, value, ok1 := cutLast(rest, "::")
		host, key, ok2 := cutLast(rest, "::")
		if !ok || !ok1 {
			return nil, &SyntaxError{Line: number + 1, Text: fmt.Sprintf("expected name::host::statistic::value, found %.60q", line)}
		}
		st := byName[name]
		if st == nil {
			st = &status{Name: name}
			byName[name] = st
			order = append(order, st)
		}
		if !ok2 || strings.HasSuffix(host, "_priority") || host == "outlier" {
			st.AddedAPI = st.AddedAPI || rest == "added_via_api" && value == "true"
			continue
		}
		id := name + "::" + host
		at, known := hosts[id]
		if !known {
			at = len(st.Hosts)
			hosts[id] = at
			st.Hosts = append(st.Hosts, hostStatus{Address: addressOf(host), Health: map[string]any{}})
		}
		st.Hosts[at].set(key, value)
	}
	d := &Dump{Kind: ClustersDump, Seen: Hosts, lists: map[Section][]Resource{}}
	for _, st := range order {
		body, err := json.Marshal(st, json.Deterministic(true))
		if err != nil {
			return nil, fmt.Errorf("reading cluster %s: %w", st.Name, err)
		}
		d.lists[Hosts] = append(d.lists[Hosts], Resource{Section: Hosts, State: Active, Body: body, name: st.Name})
	}
	return d, nil
}

// set notes one statistic of a host.
func (h *hostStatus) set(key, value string) {
	switch key {
	case "health_flags":
		h.Health["eds_health_status"] = "HEALTHY"
		for flag := range strings.SplitSeq(strings.Trim(value, "/"), "/") {
			switch flag {
			case "failed_eds_health":
				h.Health["eds_health_status"] = "UNHEALTHY"
			case "degraded_eds_health":
				h.Health["eds_health_status"] = "DEGRADED"
			case "failed_outlier_check", "failed_active_hc", "failed_active_degraded_check",
				"pending_dynamic_removal", "pending_active_hc":
				h.Health[flag] = true
			}
		}
	case "weight":
		h.Weight, _ = strconv.Atoi(value)
	case "hostname":
		h.Hostname = value
	case "region", "zone", "sub_zone":
		if value != "" {
			if h.Locality == nil {
				h.Locality = map[string]string{}
			}
			h.Locality[key] = value
		}
	}
}

// addressOf makes the address message of a host and port, or of a path.
func addressOf(text string) map[string]any {
	host, port, err := net.SplitHostPort(text)
	number, numErr := strconv.Atoi(port)
	if err != nil || numErr != nil {
		return map[string]any{"pipe": map[string]any{"path": text}}
	}
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": number}}
}

func cutLast(text, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(text, sep); at >= 0 {
		return text[:at], text[at+len(sep):], true
	}
	return text, "", false
}
