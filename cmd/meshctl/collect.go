package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

type collectOptions struct {
	archive string
	include []string
	exclude []string
	quick   bool
	begin   string
	end     string
	since   time.Duration
	tail    int64
	logSize string
	budget  string
	workers int

	picks     snapshot.Filter
	window    logWindow
	logBytes  int64
	sizeLimit int64
}

func newCollectCmd(e *env, runF func(context.Context, *collectOptions) error) *cobra.Command {
	o := &collectOptions{}
	cmd := &cobra.Command{
		Use:     "collect",
		Aliases: []string{"bug-report"},
		Short:   "Take a snapshot of the mesh that every reading command can look into",
		GroupID: groupLook,
		Long: `Collect what is needed to look into a mesh later or elsewhere: its objects, what
each proxy and istiod say of themselves, what istiod would send to each proxy,
events, the ends of logs, and what analyze and proxy-status said at that time.
The archive can be given to every reading command in place of a cluster: --from
ARCHIVE. --quick leaves out logs, statistics and what istiod would send.

Passwords, tokens, keys, authorization headers, values of Secrets and of the
applications' variables are taken out before anything is written; the archive
lists what was taken out, and what could not be collected, and why.

A filter is NAMESPACES/DEPLOYMENTS/PODS/LABELS/ANNOTATIONS/CONTAINERS, each part a
list separated by commas, with * for any text; empty parts and parts at the end
may be left out. It picks the pods whose proxies and logs are collected; objects
are collected from the whole mesh.`,
		Example: `  meshctl collect -o mesh.tar.zst
  meshctl analyze --from mesh.tar.zst
  meshctl proxy-config routes deploy/web.shop --from mesh.tar.zst

  # Only the proxies of one application, without logs
  meshctl collect --quick --include shop/web-*

  # What happened in the last quarter of an hour
  meshctl collect --since 15m --exclude 'kube-*'

  # What happened around an incident last night
  meshctl collect --start-time 2026-11-20T23:50:00Z --end-time 2026-11-21T00:10:00Z`,
		Args:        usageArgs(cobra.NoArgs),
		Annotations: map[string]string{noDeadline: "true"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(e.now()); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runCollect(cmd.Context(), e, o)
		},
	}
	f := cmd.Flags()
	f.VarP(archiveFlag{e, &o.archive}, "output", "o", "archive `file` to write (default: mesh-TIME.tar.zst); or json, yaml, name: how to tell of it")
	f.StringArrayVar(&o.include, "include", nil, "`filter` of the pods to look into (repeatable; default: all)")
	f.StringArrayVar(&o.exclude, "exclude", []string{"kube-*"}, "`filter` of the pods to leave out (repeatable)")
	f.BoolVar(&o.quick, "quick", false, "objects and what proxies and istiods have only: no logs, no statistics, not what istiod would send")
	f.StringVar(&o.begin, "start-time", "", "leave out what logs say of the time before this `time` (RFC 3339)")
	f.StringVar(&o.end, "end-time", "", "leave out what logs say of the time after this `time` (RFC 3339; default: now)")
	f.DurationVar(&o.since, "duration", 0, "the same as --since")
	f.DurationVar(&o.since, "since", 0, "leave out what logs say of more than this `time` before --end-time (0 = nothing)")
	f.Int64Var(&o.tail, "tail", 5000, "`lines` of each log, from its end")
	f.StringVar(&o.logSize, "log-size", "4Mi", "`size` of each log")
	f.StringVar(&o.budget, "size", "1Gi", "`size` of the archive beyond which nothing more is collected (0 = no limit)")
	f.IntVar(&o.workers, "workers", 8, "`number` of pods asked at once")
	return cmd
}

func (o *collectOptions) validate(now time.Time) (err error) {
	if o.picks, err = snapshot.NewFilter(o.include, o.exclude); err != nil {
		return usageError{err}
	}
	if o.logBytes, err = parseSize("--log-size", o.logSize); err != nil {
		return err
	}
	if o.sizeLimit, err = parseSize("--size", o.budget); err != nil {
		return err
	}
	if o.workers < 1 {
		return usagef("--workers %d: expected 1 or more", o.workers)
	}
	if o.tail < 0 || o.since < 0 {
		return usagef("--tail and --since cannot be negative")
	}
	o.window, err = newLogWindow(o.begin, o.end, o.since, now)
	return err
}

// parseSize reads "500Mi", "2G" or a number of bytes.
func parseSize(flag, text string) (int64, error) {
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() < 0 {
		return 0, usagef("%s %q: expected a size such as 500Mi", flag, text)
	}
	return q.Value(), nil
}

func runCollect(ctx context.Context, e *env, o *collectOptions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	name := o.archive
	if name == "" {
		name = "mesh-" + e.now().Format("20060102-150405") + ".tar.zst"
	}
	source, cancel := e.step(ctx)
	defer cancel()
	server, err := cluster.GetRaw(source, "/version")
	if err != nil {
		return err
	}
	plan, err := o.plan(source, e, cluster)
	if err != nil {
		return err
	}
	w, err := snapshot.Create(name, snapshot.Index{
		Created: e.now().UTC().Truncate(time.Second),
		Program: clientVersion().Version,
		Cluster: snapshot.Cluster{
			Context: cluster.Context(), Server: cluster.Server(), Namespace: cluster.Namespace(), Version: gitVersion(server),
		},
	})
	if err != nil {
		return err
	}
	defer w.Abort()
	for what, reason := range plan.failures {
		w.Fail(what, reason)
	}
	progress := e.collectProgress()
	err = snapshot.Capture(ctx, w, plan.objects, plan.groups, snapshot.CaptureOptions{
		Workers: o.workers, Budget: o.sizeLimit, Timeout: e.global.timeout, Progress: progress.report,
	})
	progress.end()
	if err != nil {
		return err
	}
	if err := e.captureViews(ctx, w); err != nil {
		return err
	}
	index, err := w.Finish(e.now().UTC())
	if err != nil {
		return err
	}
	return o.printCollected(e, name, index)
}

// printCollected says what the archive holds: its name on stdout, the rest to the user.
func (o *collectOptions) printCollected(e *env, name string, index snapshot.Index) error {
	summary := snapshot.Summarize(index)
	e.tell("collected %d objects, %d proxies, %d istiods, %d logs", summary.Objects, summary.Proxies, summary.Istiods, summary.Logs)
	if summary.Redacted > 0 {
		e.tell("redacted %d secrets; `meshctl snapshot show %s --redacted` lists where", summary.Redacted, name)
	}
	if n := len(index.Failures); n > 0 {
		e.tell("warning: %d things could not be collected; `meshctl snapshot show %s --failures` lists them", n, name)
	}
	if index.Truncated {
		e.tell("warning: the size limit of %s was reached; raise it with --size or narrow --include", o.budget)
	}
	switch e.global.output {
	case printer.JSON, printer.YAML, printer.Name:
		absolute, err := filepath.Abs(name)
		if err != nil {
			absolute = name
		}
		return printer.Print(e.out, e.global.output, printer.Report{
			Data: struct {
				Archive string `json:"archive"`
				snapshot.Summary
			}{absolute, summary},
			Names: []string{name},
		})
	}
	_, err := fmt.Fprintln(e.out, name)
	return err
}

// gitVersion reads the API server's answer to /version.
func gitVersion(answer []byte) string {
	_, rest, _ := strings.Cut(string(answer), `"gitVersion"`)
	parts := strings.SplitN(rest, `"`, 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

// archiveFlag is the flag -o of collect, which takes the name of the archive
// and, as on every command, an output format; given twice, it takes both.
type archiveFlag struct {
	e    *env
	name *string
}

func (f archiveFlag) String() string {
	if f.name == nil {
		return ""
	}
	return *f.name
}

func (archiveFlag) Type() string { return "string" }

func (f archiveFlag) Set(text string) error {
	format := printer.Format(strings.ToLower(text))
	switch {
	case slices.Contains(printer.Formats(), format):
		f.e.global.output = format
	case text == "":
		return errors.New("expected the name of a file, or a format")
	default:
		*f.name = text
	}
	return nil
}
