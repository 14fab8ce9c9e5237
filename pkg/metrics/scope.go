// Package metrics tells how the workloads of a mesh fare: requests, errors,
// latency and bytes, by workload or by edge, from Prometheus or from the
// proxies' own counters.
package metrics

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// By says what a row stands for.
type By string

// The rows that a report can have. An edge is a pair of workloads of which
// one calls the other.
const (
	ByWorkload    By = "workload"    // what a workload serves
	BySource      By = "source"      // edges, to the workloads asked for
	ByDestination By = "destination" // edges, from the workloads asked for
)

// Workload names the workloads asked for. An empty field is any; a name is
// the beginning of one, so "reviews" means reviews-v1 and reviews-v2.
type Workload struct {
	Namespace, Name string
}

// Scope is a question.
type Scope struct {
	Workloads []Workload // none is all
	By        By
	Window    time.Duration // over which rates are taken
}

// Row is the answer for a workload or an edge. Latencies are in milliseconds,
// all else is a second's. A number that is not known is nil.
type Row struct {
	Namespace string `json:"namespace"`
	Workload  string `json:"workload"`

	// Source is who calls; empty for a row by workload.
	SourceNamespace string `json:"sourceNamespace,omitempty"`
	Source          string `json:"source,omitempty"`

	Requests    float64  `json:"requestsPerSecond"`
	Errors      float64  `json:"errorsPerSecond"` // status 5xx, connections that broke, gRPC statuses that mean failure
	P50         *float64 `json:"p50Milliseconds"`
	P90         *float64 `json:"p90Milliseconds"`
	P99         *float64 `json:"p99Milliseconds"`
	TCPSent     float64  `json:"tcpSentBytesPerSecond"`
	TCPReceived float64  `json:"tcpReceivedBytesPerSecond"`
}

// ErrorRate is the share of requests that failed, from 0 to 1.
func (r Row) ErrorRate() float64 {
	if r.Requests == 0 {
		return 0
	}
	return min(r.Errors/r.Requests, 1)
}

// ParseWorkload reads NAME, NAME.NAMESPACE or TYPE/NAME[.NAMESPACE].
func ParseWorkload(text, namespace string) (Workload, error) {
	name := text
	if _, rest, ok := strings.Cut(text, "/"); ok {
		name = rest
	}
	w := Workload{Namespace: namespace, Name: name}
	if name, ns, ok := strings.Cut(name, "."); ok {
		w.Name, w.Namespace = name, ns
	}
	if w.Name == "" || w.Namespace == "" || strings.Contains(w.Name, "/") {
		return w, fmt.Errorf("%q names no workload: expected NAME, NAME.NAMESPACE or TYPE/NAME", text)
	}
	return w, nil
}

// fits reports whether a workload is one of those asked for.
func (s Scope) fits(namespace, name string) bool {
	for _, w := range s.Workloads {
		if (w.Namespace == "" || w.Namespace == namespace) && strings.HasPrefix(name, w.Name) {
			return true
		}
	}
	return len(s.Workloads) == 0
}

// side is which end of an edge the workloads asked for are.
func (s Scope) side() string {
	if s.By == ByDestination {
		return "source"
	}
	return "destination"
}

// selectors are PromQL label matchers, one list for each workload asked for.
func (s Scope) selectors() []string {
	if len(s.Workloads) == 0 {
		return []string{""}
	}
	var all []string
	for _, w := range s.Workloads {
		var parts []string
		if w.Namespace != "" {
			parts = append(parts, fmt.Sprintf("%s_workload_namespace=%q", s.side(), w.Namespace))
		}
		if w.Name != "" {
			parts = append(parts, fmt.Sprintf("%s_workload=~%q", s.side(), regexp.QuoteMeta(w.Name)+".*"))
		}
		all = append(all, strings.Join(parts, ","))
	}
	return all
}
