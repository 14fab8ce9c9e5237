package metrics

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Counters are a proxy's own counters at one moment, by series.
type Counters map[string]float64

// ReadCounters reads Envoy's /stats/prometheus and keeps Istio's standard
// metrics. Lines that are no metrics are passed over.
func ReadCounters(in io.Reader) (Counters, error) {
	counters := Counters{}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), 4<<20)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "istio_") {
			continue
		}
		at := strings.LastIndexByte(line, '}')
		if at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(strings.Fields(line[at+1:] + " x")[0], 64)
		if err == nil {
			counters[line[:at+1]] = value
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading a proxy's statistics: %w", err)
	}
	return counters, nil
}

// label is a label of a series in the text format; values may have \" in them.
var label = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)

func parseSeries(series string) (name string, labels map[string]string) {
	name, rest, _ := strings.Cut(series, "{")
	labels = map[string]string{}
	for _, m := range label.FindAllStringSubmatch(rest, -1) {
		labels[m[1]] = m[2]
	}
	return name, labels
}

// FromCounters are the rows of a scope from what proxies counted between two
// moments. A proxy whose counters fell has restarted: it counts from zero.
func FromCounters(before, after []Counters, between time.Duration, s Scope) []Row {
	rows := rowSet{}
	buckets := map[*Row]map[float64]float64{}
	for i := range after {
		for series, value := range after[i] {
			if i < len(before) && before[i][series] <= value {
				value -= before[i][series]
			}
			name, labels := parseSeries(series)
			// A bucket in which nothing lies counts too: it is the lower end of the next.
			if value == 0 && name != duration+"_bucket" || labels["reporter"] == "source" || !s.fits(labels[s.side()+"_workload_namespace"], labels[s.side()+"_workload"]) {
				continue
			}
			row, rate := rows.of(labels, s.By), value/between.Seconds()
			switch name {
			case requestsTotal:
				row.Requests += rate
				if failed(labels) {
					row.Errors += rate
				}
			case tcpSent:
				row.TCPSent += rate
			case tcpReceived:
				row.TCPReceived += rate
			case duration + "_bucket":
				if bound, err := strconv.ParseFloat(labels["le"], 64); err == nil {
					if buckets[row] == nil {
						buckets[row] = map[float64]float64{}
					}
					buckets[row][bound] += value
				}
			}
		}
	}
	for row, b := range buckets {
		row.P50, row.P90, row.P99 = quantile(0.5, b), quantile(0.9, b), quantile(0.99, b)
	}
	return rows.sorted()
}

func failed(labels map[string]string) bool {
	code := labels["response_code"]
	return code == "0" || len(code) == 3 && code[0] == '5' || slices.Contains(strings.Split(failedGRPC, "|"), labels["grpc_response_status"])
}

// quantile interpolates in cumulative buckets as Prometheus's
// histogram_quantile does.
func quantile(q float64, buckets map[float64]float64) *float64 {
	bounds := make([]float64, 0, len(buckets))
	for bound := range buckets {
		bounds = append(bounds, bound)
	}
	slices.SortFunc(bounds, cmp.Compare[float64])
	if len(bounds) < 2 || !math.IsInf(bounds[len(bounds)-1], 1) {
		return nil
	}
	total := buckets[bounds[len(bounds)-1]]
	if total == 0 {
		return nil
	}
	rank := q * total
	lower, below := 0.0, 0.0
	for _, bound := range bounds {
		count := buckets[bound]
		if count >= rank {
			if math.IsInf(bound, 1) {
				return &lower // beyond the last bound nothing is known
			}
			value := lower
			if count > below {
				value += (bound - lower) * (rank - below) / (count - below)
			}
			return &value
		}
		lower, below = bound, count
	}
	return nil
}
