package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/dashboard"
	"github.com/meshctl/meshctl/pkg/metrics"
)

type metricsOptions struct {
	workloads  []string
	all        bool
	by         string
	window     time.Duration
	order      string
	graph      bool
	watch      bool
	every      time.Duration
	prometheus string
	proxies    bool

	scope metrics.Scope
}

func newMetricsCmd(e *env, runF func(context.Context, *metricsOptions) error) *cobra.Command {
	o := &metricsOptions{by: string(metrics.ByWorkload), order: "name"}
	cmd := &cobra.Command{
		Use:     "metrics [WORKLOAD...]",
		Aliases: []string{"m"},
		Short:   "Show requests, errors and latency of workloads",
		GroupID: groupLook,
		Long: `Show requests and errors per second, latency and TCP bytes of workloads, as the
destination's proxies count them. Errors are status 5xx, connections that broke,
and gRPC statuses of the server's making. A workload is named by the beginning of
its name: reviews stands for reviews-v1 and reviews-v2, each with a row of its own.

The numbers come from a Prometheus that is found as ` + "`meshctl dashboard prometheus`" + `
finds it, or from --prometheus URL. Where there is none, or with --proxies, the
proxies themselves are asked twice, --duration apart.`,
		Example: `  meshctl metrics productpage-v1 -n bookinfo
  meshctl metrics reviews.bookinfo ratings.bookinfo -d 5m

  # The whole mesh, the slowest first, again and again
  meshctl metrics -A --sort p99 --watch

  # Who calls reviews; whom reviews calls
  meshctl metrics reviews.bookinfo --by source
  meshctl metrics reviews.bookinfo --by destination

  # Who calls whom in a namespace
  meshctl metrics -n bookinfo --graph`,
		Annotations:       map[string]string{noDeadline: "true"},
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.workloads = args
			if err := o.validate(e); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runMetrics(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.all, "all-namespaces", "A", false, "show the workloads of all namespaces")
	f.Var(newChoice(&o.by, string(metrics.ByWorkload), string(metrics.BySource), string(metrics.ByDestination)), "by", "a row for each workload, or for each edge: `source` (who calls it) or destination (whom it calls)")
	f.DurationVarP(&o.window, "duration", "d", time.Minute, "`time` over which rates are taken")
	f.Var(newChoice(&o.order, metrics.Orders()...), "sort", "`order` of the rows: name, rps, errors or p99")
	f.BoolVar(&o.graph, "graph", false, "print who calls whom")
	f.BoolVarP(&o.watch, "watch", "w", false, "show the numbers again and again until Ctrl-C; with -o json one document a line")
	f.DurationVar(&o.every, "every", 5*time.Second, "`time` between two tables of --watch")
	f.StringVar(&o.prometheus, "prometheus", "", "`URL` of the Prometheus to ask")
	f.BoolVar(&o.proxies, "proxies", false, "ask the proxies, not Prometheus")
	return cmd
}

func (o *metricsOptions) validate(e *env) error {
	switch {
	case o.window < time.Second:
		return usagef("--duration %s: expected a second or more", o.window)
	case o.every < time.Second:
		return usagef("--every %s: expected a second or more", o.every)
	case o.all && len(o.workloads) > 0:
		return usagef("--all-namespaces shows every workload; leave it out or name none")
	case o.prometheus != "" && o.proxies:
		return usagef("--prometheus and --proxies are two different sources; choose one")
	case o.prometheus != "" && !strings.HasPrefix(o.prometheus, "http://") && !strings.HasPrefix(o.prometheus, "https://"):
		return usagef("--prometheus %q: expected a URL such as http://localhost:9090", o.prometheus)
	case o.watch && e.global.output == printer.YAML:
		return usagef("--watch prints tables, names, or one JSON document a line; leave out -o yaml")
	}
	o.scope = metrics.Scope{By: metrics.By(o.by), Window: o.window}
	if o.graph && o.scope.By == metrics.ByWorkload {
		o.scope.By = metrics.BySource
	}
	return nil
}

func runMetrics(ctx context.Context, e *env, o *metricsOptions) error {
	step, cancel := e.step(ctx)
	read, end, err := o.source(step, e)
	cancel()
	if err != nil {
		return err
	}
	defer end()
	if o.watch {
		return o.watchMetrics(ctx, e, read)
	}
	rows, err := read(ctx)
	if err != nil {
		return err
	}
	metrics.Sort(rows, o.order)
	if len(rows) == 0 {
		e.tell("%s", o.nothingSeen())
	}
	return o.print(e.out, e.global.output, rows)
}

// nothingSeen is what to say in place of an empty table.
func (o *metricsOptions) nothingSeen() string {
	text := fmt.Sprintf("no traffic seen within %s", o.window)
	if !o.proxies {
		text += "; a Prometheus that reads its targets less often than twice in that time needs a longer --duration"
	}
	return text
}

// source finds where the numbers come from. end closes the way there.
func (o *metricsOptions) source(ctx context.Context, e *env) (read func(context.Context) ([]metrics.Row, error), end func(), err error) {
	nothing := func() {}
	var namespace string
	if o.prometheus == "" || o.needsNamespace() && e.global.kube.Namespace == "" {
		cluster, err := e.cluster()
		if err != nil {
			return nil, nothing, err
		}
		namespace = cluster.Namespace()
	} else {
		namespace = e.global.kube.Namespace
	}
	if err := o.name(namespace); err != nil {
		return nil, nothing, err
	}
	if o.prometheus != "" {
		return func(ctx context.Context) ([]metrics.Row, error) {
			ctx, cancel := e.step(ctx)
			defer cancel()
			return metrics.Prometheus(ctx, http.DefaultClient, o.prometheus, o.scope)
		}, nothing, nil
	}
	cluster, err := e.cluster()
	if err != nil {
		return nil, nothing, err
	}
	if cluster.IsReplay() {
		return nil, nothing, errors.New("reading metrics: a snapshot holds what was counted until one moment, not how fast; name a Prometheus that knows of that time by --prometheus URL")
	}
	if !o.proxies {
		found, err := o.findPrometheus(ctx, e)
		if err != nil {
			return nil, nothing, err
		}
		if found != nil {
			tunnel := cluster.Tunnel(found.Namespace, found.Pod)
			base := fmt.Sprintf("http://localhost:%d", found.Port)
			return func(ctx context.Context) ([]metrics.Row, error) {
				ctx, cancel := e.step(ctx)
				defer cancel()
				return metrics.Prometheus(ctx, tunnel.Client(), base, o.scope)
			}, func() { tunnel.Close() }, nil
		}
		o.proxies = true
		e.tell("no Prometheus found; asking the proxies what they count within %s (--prometheus names one)", o.window)
	}
	return func(ctx context.Context) ([]metrics.Row, error) { return o.fromProxies(ctx, e, cluster) }, nothing, nil
}

// needsNamespace tells that a workload was named without its namespace.
func (o *metricsOptions) needsNamespace() bool {
	return slices.ContainsFunc(o.workloads, func(name string) bool { return !strings.Contains(name, ".") })
}

// name turns what the user named into workloads. Without names it is the
// namespace, or everything with --all-namespaces.
func (o *metricsOptions) name(namespace string) error {
	o.scope.Workloads = nil
	for _, text := range o.workloads {
		w, err := metrics.ParseWorkload(text, namespace)
		if err != nil {
			return usageError{err}
		}
		o.scope.Workloads = append(o.scope.Workloads, w)
	}
	if len(o.workloads) == 0 && !o.all && namespace != "" {
		o.scope.Workloads = []metrics.Workload{{Namespace: namespace}}
	}
	return nil
}

// findPrometheus is the one to ask: that of Istio's namespace before others.
func (o *metricsOptions) findPrometheus(ctx context.Context, e *env) (*dashboard.Found, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	d := byName("prometheus")
	found, err := dashboard.Find(ctx, e.podsAnywhere(cluster), d, "")
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(f dashboard.Found) bool { return !f.Ready })
	if len(found) == 0 {
		return nil, nil
	}
	chosen, err := choose(d, found, "", e.global.istioNamespace, "")
	if err != nil {
		return nil, errors.New("several Prometheus run in the cluster; open the one to ask by `meshctl dashboard prometheus` and name it by --prometheus URL")
	}
	return chosen, nil
}

func (o *metricsOptions) print(out io.Writer, format printer.Format, rows []metrics.Row) error {
	if o.graph && (format == printer.Table || format == printer.Wide) {
		_, err := fmt.Fprint(out, metrics.Graph(rows))
		return err
	}
	edges := o.scope.By != metrics.ByWorkload
	titles := []string{"WORKLOAD", "NAMESPACE"}
	if edges {
		titles = append(titles, "SOURCE", "SOURCE NAMESPACE")
	}
	tcp := slices.ContainsFunc(rows, func(r metrics.Row) bool { return r.TCPSent+r.TCPReceived > 0 })
	columns := append(printer.Columns(append(titles, "TOTAL RPS", "ERROR RPS", "ERRORS", "P50 LATENCY", "P90 LATENCY", "P99 LATENCY")...),
		printer.Column{Title: "TCP SENT", Wide: !tcp}, printer.Column{Title: "TCP RECEIVED", Wide: !tcp})
	report := printer.Report{Columns: columns, Data: rows}
	for _, r := range rows {
		cells := []string{r.Workload, r.Namespace}
		if edges {
			cells = append(cells, r.Source, r.SourceNamespace)
		}
		report.Rows = append(report.Rows, append(cells,
			strconv.FormatFloat(r.Requests, 'f', 2, 64), strconv.FormatFloat(r.Errors, 'f', 2, 64),
			strconv.FormatFloat(100*r.ErrorRate(), 'f', 1, 64)+"%",
			metrics.Latency(r.P50), metrics.Latency(r.P90), metrics.Latency(r.P99),
			metrics.Bytes(r.TCPSent), metrics.Bytes(r.TCPReceived)))
		report.Names = append(report.Names, r.Workload+"."+r.Namespace)
	}
	report.Names = slices.Compact(report.Names)
	return printer.Print(out, format, report)
}
