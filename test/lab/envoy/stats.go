package envoy

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// stat is one statistic. Text is for the few that are no numbers.
type stat struct {
	name    string
	value   uint64
	text    string
	counter bool
}

// stats lists what a proxy without traffic counts.
func (p *Proxy) stats() []stat {
	p.mu.Lock()
	defer p.mu.Unlock()
	clusters, listeners := p.store.kinds[ClusterType], p.store.kinds[ListenerType]
	static := p.config.Bootstrap.GetStaticResources()
	connected := uint64(0)
	if clusters.nonce != "" && p.lastErr == nil {
		connected = 1
	}
	all := []stat{
		{name: "cluster.xds-grpc.membership_healthy", value: 1},
		{name: "cluster.xds-grpc.membership_total", value: 1},
		{name: "cluster.xds-grpc.upstream_cx_active", value: connected},
		{name: "cluster_manager.active_clusters", value: uint64(len(clusters.resources) + len(static.GetClusters()))},
	}
	all = append(all, subscriptionStats("cluster_manager.cds", clusters)...)
	all = append(all, stat{name: "cluster_manager.warming_clusters"})
	all = append(all, subscriptionStats("listener_manager.lds", listeners)...)
	return append(all,
		stat{name: "listener_manager.total_listeners_active", value: uint64(len(listeners.resources) + len(static.GetListeners()))},
		stat{name: "listener_manager.total_listeners_draining"},
		stat{name: "listener_manager.total_listeners_warming"},
		stat{name: "listener_manager.workers_started", value: 1},
		stat{name: "server.concurrency", value: 2},
		stat{name: "server.live", value: 1},
		stat{name: "server.memory_allocated", value: 31457280},
		stat{name: "server.memory_heap_size", value: 41943040},
		stat{name: "server.state", value: 0},
		stat{name: "server.uptime", value: uint64(time.Since(p.started).Seconds())},
	)
}

func subscriptionStats(prefix string, k *kind) []stat {
	version := fnv.New64a()
	version.Write([]byte(k.version))
	return []stat{
		{name: prefix + ".init_fetch_timeout", counter: true},
		{name: prefix + ".update_attempt", value: uint64(k.attempts), counter: true},
		{name: prefix + ".update_failure", counter: true},
		{name: prefix + ".update_rejected", value: uint64(k.rejected), counter: true},
		{name: prefix + ".update_success", value: uint64(k.success), counter: true},
		{name: prefix + ".version", value: version.Sum64()},
		{name: prefix + ".version_text", text: k.version},
	}
}

// serveStats serves /stats as text, JSON or in the form of Prometheus.
func (p *Proxy) serveStats(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var filter *regexp.Regexp
	if pattern := query.Get("filter"); pattern != "" {
		var err error
		if filter, err = regexp.Compile(pattern); err != nil {
			http.Error(w, fmt.Sprintf("Invalid re2 regex: %v", err), http.StatusBadRequest)
			return
		}
	}
	var shown []stat
	for _, s := range p.stats() {
		if filter == nil || filter.MatchString(s.name) {
			shown = append(shown, s)
		}
	}
	switch query.Get("format") {
	case "", "text":
		for _, s := range shown {
			fmt.Fprintf(w, "%s: %s\n", s.name, s.print())
		}
	case "json":
		entries := make([]map[string]any, 0, len(shown))
		for _, s := range shown {
			var value any = s.value
			if s.text != "" {
				value = s.text
			}
			entries = append(entries, map[string]any{"name": s.name, "value": value})
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"stats": entries})
	case "prometheus":
		writePrometheus(w, shown)
	default:
		http.Error(w, "usage: /stats?format=(html|active-html|json|prometheus|text)", http.StatusBadRequest)
	}
}

func (p *Proxy) servePrometheus(w http.ResponseWriter, _ *http.Request) {
	writePrometheus(w, p.stats())
}

func writePrometheus(w http.ResponseWriter, stats []stat) {
	for _, s := range stats {
		if s.text != "" {
			continue
		}
		name, labels := "envoy_"+strings.NewReplacer(".", "_", "-", "_").Replace(s.name), ""
		if rest, ok := strings.CutPrefix(s.name, "cluster.xds-grpc."); ok {
			name, labels = "envoy_cluster_"+rest, `cluster_name="xds-grpc"`
		}
		kind := "gauge"
		if s.counter {
			kind = "counter"
		}
		fmt.Fprintf(w, "# TYPE %s %s\n%s{%s} %d\n\n", name, kind, name, labels, s.value)
	}
}

func (s stat) print() string {
	if s.text != "" {
		return fmt.Sprintf("%q", s.text)
	}
	return fmt.Sprint(s.value)
}
