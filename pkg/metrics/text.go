package metrics

import (
	"fmt"
	"strings"
)

// Latency is a latency in milliseconds for people; "-" if it is not known.
func Latency(ms *float64) string {
	if ms == nil {
		return "-"
	}
	switch {
	case *ms >= 999.5: // what rounds to the next unit is written in it
		return fmt.Sprintf("%.2fs", *ms/1000)
	case *ms >= 9.95:
		return fmt.Sprintf("%.0fms", *ms)
	}
	return fmt.Sprintf("%.1fms", *ms)
}

// Bytes is a number of bytes a second for people.
func Bytes(n float64) string {
	for _, unit := range []string{"B/s", "KiB/s", "MiB/s"} {
		if n < 1023.95 { // what rounds to the next unit is written in it
			return fmt.Sprintf("%.1f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.1f GiB/s", n)
}

// Graph draws edges: each source with those whom it calls below it.
func Graph(rows []Row) string {
	var sources []string
	calls := map[string][]Row{}
	for _, r := range rows {
		source := r.Source + "." + r.SourceNamespace
		if r.Source == "" || r.Source == "unknown" {
			source = "(outside of the mesh)"
		}
		if calls[source] == nil {
			sources = append(sources, source)
		}
		calls[source] = append(calls[source], r)
	}
	var b strings.Builder
	for _, source := range sources {
		fmt.Fprintln(&b, source)
		for i, r := range calls[source] {
			branch := "├─"
			if i == len(calls[source])-1 {
				branch = "└─"
			}
			fmt.Fprintf(&b, "%s %s.%s", branch, r.Workload, r.Namespace)
			if r.Requests > 0 {
				fmt.Fprintf(&b, "  %.2f rps, %.1f%% errors, p99 %s", r.Requests, 100*r.ErrorRate(), Latency(r.P99))
			}
			if r.TCPSent+r.TCPReceived > 0 {
				fmt.Fprintf(&b, "  TCP %s out, %s in", Bytes(r.TCPSent), Bytes(r.TCPReceived))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
