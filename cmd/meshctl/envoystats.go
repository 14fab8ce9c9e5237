package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/printer"
)

// Formats of this command beside the common ones: Prometheus text of the proxy alone, and
// with what agent and application add.
const (
	formatProm       printer.Format = "prom"
	formatPromMerged printer.Format = "prom-merged"
)

// mergedStats is the port at which Istio's agent serves the statistics of proxy, agent and
// application together.
const mergedStats = 15020

type envoyStatsOptions struct {
	proxyChoice
	filter string
	name   *regexp.Regexp // filter
	kind   string
	watch  time.Duration
}

func newEnvoyStatsCmd(e *env, runF func(context.Context, *envoyStatsOptions) error) *cobra.Command {
	o := &envoyStatsOptions{}
	cmd := &cobra.Command{
		Use:     "envoy-stats [POD | TYPE/NAME]...",
		Aliases: []string{"es"},
		GroupID: groupProxies,
		Short:   "Show the statistics of proxies",
		Example: `  # What went wrong upstream
  meshctl envoy-stats deploy/catalog -n shop --filter 'upstream_rq_(5xx|timeout)'

  # The same of all proxies of an application
  meshctl envoy-stats -l app=catalog -n shop --filter upstream_rq_5xx

  # As Prometheus reads them, those of the application included
  meshctl envoy-stats deploy/catalog -n shop -o prom-merged

  # Every five seconds until Ctrl-C
  meshctl envoy-stats deploy/catalog -n shop --filter downstream_cx --watch 5s`,
		Annotations:       map[string]string{noDeadline: ""}, // for --watch; single requests are bounded
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runEnvoyStats(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort, formatProm, formatPromMerged)
	e.adminPortFlag(cmd)
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&o.filter, "filter", "", "only statistics whose name matches this `regular expression`")
	cmd.Flags().StringVarP(&o.kind, "type", "t", "server", "`server` for all statistics, clusters for those of the endpoints")
	cmd.Flags().DurationVar(&o.watch, "watch", 0, "ask again after this `time`, until interrupted")
	return cmd
}

func runEnvoyStats(ctx context.Context, e *env, o *envoyStatsOptions) error {
	for {
		if err := e.printStats(ctx, o); err != nil || o.watch == 0 {
			return err
		}
		pause := time.NewTimer(o.watch)
		select {
		case <-pause.C:
			fmt.Fprintln(e.out)
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

func (o *envoyStatsOptions) validate(args []string) (err error) {
	if err := o.proxyChoice.validate(args); err != nil {
		return err
	}
	switch {
	case o.watch < 0:
		return usagef("--watch %s: a time cannot be negative", o.watch)
	case o.kind != "server" && o.kind != "clusters":
		return usagef("--type %q: expected server or clusters", o.kind)
	}
	if o.name, err = regexp.Compile(o.filter); err != nil {
		return usagef("--filter %q: %w", o.filter, err)
	}
	return nil
}

// proxyStats is what a proxy answered: its text, and what was read of it.
type proxyStats struct {
	Proxy string `json:"proxy"`
	Stats []stat `json:"stats"`

	pod  *corev1.Pod
	text []byte
}

// printStats asks once.
func (e *env) printStats(ctx context.Context, o *envoyStatsOptions) error {
	finding, cancel := e.step(ctx)
	defer cancel()
	pods, err := e.chosenPods(finding, o.proxyChoice)
	if err != nil {
		return err
	}
	proxies := make([]*proxyStats, len(pods))
	for i, pod := range pods {
		proxies[i] = &proxyStats{Proxy: pod.Name + "." + pod.Namespace, pod: pod}
	}
	failures := atOnce(ctx, e, proxies, func(ctx context.Context, p *proxyStats) (err error) {
		if p.text, err = e.askStats(ctx, o, p.pod); err == nil {
			p.Stats = readStats(p.text, o)
		}
		return err
	})
	if format := e.format(); format != formatProm && format != formatPromMerged {
		return e.printAnswers(statsReport(proxies, failures), failures, errSomeProxies)
	}
	for i, p := range proxies {
		if len(proxies) > 1 && failures[i] == nil {
			fmt.Fprintln(e.out, "# proxy", p.Proxy)
		}
		if _, err := e.out.Write(p.text); err != nil {
			return err
		}
	}
	return e.tellFailures(failures, errSomeProxies)
}

// askStats gets the text of the statistics.
func (e *env) askStats(ctx context.Context, o *envoyStatsOptions, pod *corev1.Pod) ([]byte, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	if e.format() == formatPromMerged {
		return cluster.GetFromPod(ctx, pod.Namespace, pod.Name, mergedStats, "/stats/prometheus")
	}
	admin, end := e.podAdmin(cluster, pod)
	defer func() { _ = end() }()
	path := "/stats"
	switch {
	case o.kind == "clusters":
		path = "/clusters"
	case e.format() == formatProm:
		path = "/stats/prometheus"
	}
	if o.filter != "" && o.kind == "server" {
		path += "?filter=" + url.QueryEscape(o.filter)
	}
	return admin.Get(ctx, path)
}

// stat is one statistic; histograms have a text of quantiles as their value.
type stat struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// readStats reads lines of "name: value", and those of /clusters, "cluster::host::name::value".
func readStats(text []byte, o *envoyStatsOptions) []stat {
	stats := []stat{}
	for line := range bytes.Lines(text) {
		one := strings.TrimSpace(string(line))
		at := strings.Index(one, ": ")
		if o.kind == "clusters" {
			at = strings.LastIndex(one, "::")
		}
		if at >= 0 && o.name.MatchString(one[:at]) {
			stats = append(stats, stat{one[:at], strings.TrimSpace(one[at+2:])})
		}
	}
	return stats
}

// statsReport shows the statistics of one proxy as they are, those of several with its name.
func statsReport(proxies []*proxyStats, failures []error) printer.Report {
	r := printer.Report{Columns: printer.Columns("NAME", "VALUE")}
	if len(proxies) > 1 {
		r.Columns = printer.Columns("PROXY", "NAME", "VALUE")
	}
	shown := []*proxyStats{}
	for i, p := range proxies {
		if failures[i] != nil {
			continue
		}
		shown = append(shown, p)
		for _, s := range p.Stats {
			row, name := []string{s.Name, s.Value}, s.Name
			if len(proxies) > 1 {
				row, name = append([]string{p.Proxy}, row...), p.Proxy+"/"+name
			}
			r.Rows, r.Names = append(r.Rows, row), append(r.Names, name)
		}
	}
	r.Data = shown
	if len(proxies) == 1 {
		r.Data = proxies[0].Stats
	}
	return r
}
