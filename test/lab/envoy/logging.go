package envoy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// levels are the log levels of a proxy's loggers.
type levels struct {
	mu     sync.Mutex
	levels map[string]string
}

func newLevels() *levels {
	l := &levels{levels: map[string]string{}}
	for _, name := range strings.Fields(`admin alternate_protocols_cache assert aws backtrace basic_auth cache_filter client
		composite config conn_handler connection credential_injector decompression dns dubbo dynamic_modules envoy_bug
		ext_authz ext_proc file filter forward_proxy geolocation golang grpc happy_eyeballs hc health_checker http http2
		hystrix init io json_to_metadata jwt kafka key_value_store lua main matcher misc mongo multi_connection oauth2
		parse pool quic quic_stream rate_limit_quota rbac rds redis reverse_tunnel router runtime secret
		stateful_session stats stats_sink tap testing thrift tracing udp upstream wasm websocket`) {
		l.levels[name] = "warning"
	}
	l.levels["misc"] = "error"
	return l
}

// serve serves /logging: POST with level=L for all, paths=A:L,B:L for some or
// LOGGER=L for one.
func (l *levels) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		fmt.Fprintf(w, "Method %s not allowed, POST required.", r.Method)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wanted := map[string]string{}
	for key, values := range r.URL.Query() {
		switch key {
		case "level":
			for name := range l.levels {
				wanted[name] = values[0]
			}
		case "paths":
			for _, pair := range strings.Split(values[0], ",") {
				name, level, _ := strings.Cut(pair, ":")
				wanted[name] = level
			}
		default:
			wanted[key] = values[0]
		}
	}
	known := []string{"trace", "debug", "info", "warning", "error", "critical", "off"}
	for name, level := range wanted {
		if level == "warn" {
			level, wanted[name] = "warning", "warning"
		}
		if !slices.Contains(known, level) {
			http.Error(w, "error: unknown logger level", http.StatusBadRequest)
			return
		}
		if _, ok := l.levels[name]; !ok {
			http.Error(w, "error: unknown logger name", http.StatusBadRequest)
			return
		}
	}
	maps.Copy(l.levels, wanted)
	fmt.Fprintln(w, "active loggers:")
	for _, name := range slices.Sorted(maps.Keys(l.levels)) {
		fmt.Fprintf(w, "  %s: %s\n", name, l.levels[name])
	}
	fmt.Fprintln(w)
}
