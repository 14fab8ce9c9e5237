package metrics

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Prometheus asks a Prometheus, or what speaks its HTTP API, for the rows of a
// scope. Base is its address, with the path before /api where it has one.
func Prometheus(ctx context.Context, client *http.Client, base string, s Scope) ([]Row, error) {
	queries := s.queries()
	vectors := make([][]sample, len(queries))
	work, workCtx := errgroup.WithContext(ctx)
	for i, q := range queries {
		work.Go(func() (err error) {
			vectors[i], err = ask(workCtx, client, base, q.promql)
			if err != nil {
				err = fmt.Errorf("asking Prometheus for %s: %w", q.name, err)
			}
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	rows := rowSet{}
	for i, q := range queries {
		for _, sample := range vectors[i] {
			q.store(rows.of(sample.labels, s.By), sample.value)
		}
	}
	return rows.sorted(), nil
}

// sample is one value of an answer.
type sample struct {
	labels map[string]string
	value  float64
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 20

// ask runs an instant query (Prometheus HTTP API v1).
func ask(ctx context.Context, client *http.Client, base, promql string) ([]sample, error) {
	form := url.Values{"query": {promql}}
	address := strings.TrimSuffix(base, "/") + "/api/v1/query"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Data          struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  [2]any // time and value
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Status == "" {
		return nil, fmt.Errorf("it answers %s with what is no answer of Prometheus; is this its address?", response.Status)
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("it answers: %s", answer.Error)
	}
	samples := make([]sample, 0, len(answer.Data.Result))
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("it answers with the value %q, which is no number", text)
		}
		samples = append(samples, sample{r.Metric, value})
	}
	return samples, nil
}

// known is nil for what Prometheus writes for "no data".
func known(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// rowSet is rows by what they stand for.
type rowSet map[[4]string]*Row

// of is the row that a sample belongs to.
func (s rowSet) of(labels map[string]string, by By) *Row {
	row := Row{Namespace: labels["destination_workload_namespace"], Workload: labels["destination_workload"]}
	if by != ByWorkload {
		row.SourceNamespace, row.Source = labels["source_workload_namespace"], labels["source_workload"]
	}
	key := [4]string{row.Namespace, row.Workload, row.SourceNamespace, row.Source}
	if s[key] == nil {
		s[key] = &row
	}
	return s[key]
}

// sorted is the rows that have traffic, by name; never nil.
func (s rowSet) sorted() []Row {
	rows := []Row{}
	for _, r := range s {
		if r.Requests > 0 || r.TCPSent > 0 || r.TCPReceived > 0 {
			rows = append(rows, *r)
		}
	}
	slices.SortFunc(rows, byName)
	return rows
}

func byName(a, b Row) int {
	return cmp.Or(
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Workload, b.Workload),
		cmp.Compare(a.SourceNamespace, b.SourceNamespace), cmp.Compare(a.Source, b.Source),
	)
}

// Orders lists the names by which Sort knows an order.
func Orders() []string { return []string{"name", "rps", "errors", "p99"} }

// Sort orders rows by name, or the greatest first by a number.
func Sort(rows []Row, order string) {
	number := func(r Row) float64 {
		switch {
		case order == "rps":
			return r.Requests
		case order == "errors":
			return r.ErrorRate()
		case order == "p99" && r.P99 != nil:
			return *r.P99
		}
		return 0
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(number(b), number(a)), byName(a, b)) })
}
