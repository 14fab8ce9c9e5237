package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	pod    string
	filter string
	kind   string
	watch  time.Duration
}

func newEnvoyStatsCmd(e *env, runF func(context.Context, *envoyStatsOptions) error) *cobra.Command {
	o := &envoyStatsOptions{}
	cmd := &cobra.Command{
		Use:     "envoy-stats POD | TYPE/NAME",
		Aliases: []string{"es"},
		GroupID: groupProxies,
		Short:   "Show the statistics of a proxy",
		Example: `  # What went wrong upstream
  meshctl envoy-stats deploy/catalog -n shop --filter 'upstream_rq_(5xx|timeout)'

  # As Prometheus reads them, those of the application included
  meshctl envoy-stats deploy/catalog -n shop -o prom-merged

  # Every five seconds until Ctrl-C
  meshctl envoy-stats deploy/catalog -n shop --filter downstream_cx --watch 5s`,
		Annotations:       map[string]string{noDeadline: ""}, // for --watch; single requests are bounded
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.pod = args[0]
			if o.watch < 0 {
				return usagef("--watch %s: a time cannot be negative", o.watch)
			}
			if o.kind != "server" && o.kind != "clusters" {
				return usagef("--type %q: expected server or clusters", o.kind)
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runEnvoyStats(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort, formatProm, formatPromMerged)
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

// printStats asks once.
func (e *env) printStats(ctx context.Context, o *envoyStatsOptions) error {
	ctx, cancel := e.step(ctx)
	defer cancel()
	pods, err := e.proxyPods(ctx, []string{o.pod}, "", false, false)
	if err != nil {
		return err
	}
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	format := e.global.output
	if format == formatPromMerged {
		text, err := cluster.GetFromPod(ctx, pods[0].Namespace, pods[0].Name, mergedStats, "/stats/prometheus")
		if err == nil {
			_, err = e.out.Write(text)
		}
		return err
	}
	admin, end := e.podAdmin(cluster, pods[0])
	defer func() { _ = end() }()
	path := "/stats"
	switch {
	case o.kind == "clusters":
		path = "/clusters"
	case format == formatProm:
		path = "/stats/prometheus"
	}
	if o.filter != "" && o.kind == "server" {
		path += "?filter=" + url.QueryEscape(o.filter)
	}
	text, err := admin.Get(ctx, path)
	if err != nil {
		return err
	}
	if format == formatProm {
		_, err = e.out.Write(text)
		return err
	}
	return printer.Print(e.out, e.format(), statsReport(text, o.kind))
}

// stat is one statistic; histograms have a text of quantiles as their value.
type stat struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// statsReport reads lines of "name: value", and those of /clusters, "cluster::host::name::value".
func statsReport(text []byte, kind string) printer.Report {
	r := printer.Report{Columns: printer.Columns("NAME", "VALUE")}
	stats := []stat{}
	for line := range bytes.Lines(text) {
		one := strings.TrimSpace(string(line))
		at, sep := strings.Index(one, ": "), 2
		if kind == "clusters" {
			at = strings.LastIndex(one, "::")
		}
		if at < 0 {
			continue
		}
		s := stat{one[:at], strings.TrimSpace(one[at+sep:])}
		stats = append(stats, s)
		r.Rows = append(r.Rows, []string{s.Name, s.Value})
		r.Names = append(r.Names, s.Name)
	}
	r.Data = stats
	return r
}
