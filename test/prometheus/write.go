package prometheus

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// Series is one metric with labels over time.
type Series struct {
	Name   string
	Labels map[string]string
	// Rate is by how much a counter grows in a second; Value is where it, or a
	// gauge, starts.
	Rate, Value float64
}

// The samples that Fill writes: one every 15 seconds, as the addons'
// Prometheus reads them.
const (
	history  = 10 * time.Minute
	interval = 15 * time.Second
)

// Fill writes the last ten minutes of series, up to now, by remote write.
func (s *Server) Fill(t *testing.T, series []Series) {
	t.Helper()
	end := time.Now()
	const most = 500 // series a request
	for batch := range slices.Chunk(series, most) {
		var request []byte
		for _, one := range batch {
			request = protowire.AppendTag(request, 1, protowire.BytesType)
			request = protowire.AppendBytes(request, one.encode(end))
		}
		post, err := http.NewRequest(http.MethodPost, s.URL+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, request)))
		if err != nil {
			t.Fatal(err)
		}
		post.Header.Set("Content-Encoding", "snappy")
		post.Header.Set("Content-Type", "application/x-protobuf")
		post.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
		response, err := http.DefaultClient.Do(post)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode/100 != 2 {
			t.Fatalf("writing series: %s: %s", response.Status, text)
		}
	}
}

// encode writes a TimeSeries of prometheus.WriteRequest (Remote-Write 1.0):
// labels sorted by name, then samples.
func (s Series) encode(end time.Time) []byte {
	labels := maps.Clone(s.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels["__name__"] = s.Name
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		var label []byte
		for i, text := range []string{name, labels[name]} {
			label = protowire.AppendTag(label, protowire.Number(i+1), protowire.BytesType)
			label = protowire.AppendString(label, text)
		}
		out = protowire.AppendTag(out, 1, protowire.BytesType)
		out = protowire.AppendBytes(out, label)
	}
	for at := history; at >= 0; at -= interval {
		value := s.Value + s.Rate*(history-at).Seconds()
		var sample []byte
		sample = protowire.AppendTag(sample, 1, protowire.Fixed64Type)
		sample = protowire.AppendFixed64(sample, math.Float64bits(value))
		sample = protowire.AppendTag(sample, 2, protowire.VarintType)
		sample = protowire.AppendVarint(sample, uint64(end.Add(-at).UnixMilli()))
		out = protowire.AppendTag(out, 2, protowire.BytesType)
		out = protowire.AppendBytes(out, sample)
	}
	return out
}

// with gives labels with some more.
func with(labels map[string]string, more ...string) map[string]string {
	all := maps.Clone(labels)
	for i := 0; i+1 < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func le(bound float64) string {
	if math.IsInf(bound, 1) {
		return "+Inf"
	}
	return fmt.Sprint(bound)
}
