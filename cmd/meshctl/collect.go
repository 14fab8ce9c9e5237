package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/meshctl/meshctl/pkg/snapshot"
)

// collectTimeout bounds a collection, and answerTimeout each question in it.
const (
	collectTimeout = 30 * time.Minute
	answerTimeout  = 30 * time.Second
)

type collectOptions struct {
	archive string
	folder  string
	include []string
	exclude []string
	quick   bool
	dryRun  bool
	begin   string
	end     string
	since   time.Duration
	tail    int64
	logSize string
	budget  string
	workers int
	timeout time.Duration
	answers time.Duration

	skipAnalysis bool // istioctl's --skip-analyze
	skipProxies  bool // istioctl's --skip-proxy-debug

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
lists what was taken out, and what could not be collected, and why. Whatever
fails or takes too long, the rest is kept.

A filter is NAMESPACES/DEPLOYMENTS/PODS/LABELS/ANNOTATIONS/CONTAINERS, each part a
list separated by commas, with * for any text; empty parts and parts at the end
may be left out. One of the names must fit, and all of the labels (KEY=VALUE) and
annotations. It picks the pods whose proxies and logs are collected; objects are
collected from the whole mesh.`,
		Example: `  meshctl collect -o mesh.tar.zst
  meshctl analyze --from mesh.tar.zst
  meshctl proxy-config routes deploy/web.shop --from mesh.tar.zst

  # What would be collected
  meshctl collect --dry-run

  # Only the proxies of one application, without logs
  meshctl collect --quick --include 'shop/web-*'
  meshctl collect --quick --include 'shop///app.kubernetes.io/name=web'

  # What happened in the last quarter of an hour
  meshctl collect --since 15m --exclude 'kube-*'

  # What happened around an incident last night
  meshctl collect --start-time 2026-11-20T23:50:00Z --end-time 2026-11-21T00:10:00Z`,
		Args:        usageArgs(cobra.NoArgs),
		Annotations: map[string]string{noDeadline: "true"}, // what is there when the time is over is kept
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(e.now()); err != nil {
				return err
			}
			if err := answerPeerFlags(e, cmd.Flags()); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runCollect(cmd.Context(), e, o)
		},
	}
	o.addFlags(e, cmd.Flags())
	o.addPeerFlags(cmd.Flags())
	e.adminPortFlag(cmd)
	return cmd
}

func (o *collectOptions) addFlags(e *env, f *pflag.FlagSet) {
	f.VarP(archiveFlag{e, &o.archive}, "output", "o", "archive `file` to write (default: mesh-TIME.tar.zst); or json, yaml, name: how to tell of it")
	f.StringVar(&o.folder, "output-dir", "", "`folder` for the archive")
	f.BoolVar(&o.dryRun, "dry-run", false, "list what would be collected, and collect nothing")
	f.StringArrayVar(&o.include, "include", nil, "`filter` of the pods to look into (repeatable; default: all)")
	f.StringArrayVar(&o.exclude, "exclude", []string{"kube-*,local-path-storage"}, "`filter` of the pods to leave out (repeatable)")
	f.BoolVar(&o.quick, "quick", false, "objects and what proxies and istiods have only: no logs, no statistics, not what istiod would send")
	f.StringVar(&o.begin, "start-time", "", "leave out what logs say of the time before this `time` (RFC 3339)")
	f.StringVar(&o.end, "end-time", "", "leave out what logs say of the time after this `time` (RFC 3339; default: now)")
	f.DurationVar(&o.since, "duration", 0, "the same as --since")
	f.DurationVar(&o.since, "since", 0, "leave out what logs say of more than this `time` before --end-time (0 = nothing)")
	f.Int64Var(&o.tail, "tail", 5000, "`lines` of each log, from its end (0 = all)")
	f.StringVar(&o.logSize, "log-size", "4Mi", "`size` of each log (0 = no limit)")
	f.StringVar(&o.budget, "size", "1Gi", "`size` of the archive beyond which nothing more is collected (0 = no limit)")
	f.IntVar(&o.workers, "workers", 8, "`number` of pods asked at once")
	f.DurationVar(&o.timeout, "timeout", collectTimeout, "`time` for all of it, after which what is there is kept (0 = no limit)")
	f.DurationVar(&o.answers, "answer-timeout", answerTimeout, "`time` for each single answer (0 = no limit)")
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
	switch {
	case o.workers < 1:
		return usagef("--workers %d: expected 1 or more", o.workers)
	case o.tail < 0 || o.since < 0:
		return usagef("--tail and --since cannot be negative")
	case o.timeout < 0 || o.answers < 0:
		return usagef("--timeout and --answer-timeout cannot be negative (0 means no limit)")
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
	name, err := o.archiveName(e.now())
	if err != nil {
		return err
	}
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	if ns := e.global.kube.Namespace; ns != "" && len(o.include) == 0 {
		e.tell("note: -n does not narrow what is collected; --include %s collects the proxies there and no others", ns)
	}
	begun := time.Now()
	first, cancel := e.step(ctx)
	defer cancel()
	server, err := cluster.GetRaw(first, "/version")
	if err != nil {
		return err
	}
	plan, err := o.plan(first, e, cluster)
	if err != nil {
		return err
	}
	if o.dryRun {
		return plan.print(e)
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
	capture := snapshot.CaptureOptions{Workers: o.workers, Budget: o.sizeLimit, Timeout: o.answers}
	if o.timeout > 0 {
		capture.Until = begun.Add(o.timeout)
	}
	progress := e.collectProgress()
	capture.Progress = progress.report
	err = snapshot.Capture(ctx, w, plan.objects, plan.groups, capture)
	progress.end()
	if err != nil {
		return err
	}
	if err := o.captureViews(ctx, e, w); err != nil {
		return err
	}
	index, err := w.Finish(e.now().UTC())
	if err != nil {
		return err
	}
	return o.printCollected(e, name, index)
}

// archiveName is where the archive will be.
func (o *collectOptions) archiveName(now time.Time) (string, error) {
	name := cmp.Or(o.archive, "mesh-"+now.Format("20060102-150405")+".tar.zst")
	if o.folder != "" && !filepath.IsAbs(name) {
		name = filepath.Join(o.folder, name)
	}
	if isDirectory(name) {
		return "", usagef("--output %s is a folder; name the file, or give the folder by --output-dir", name)
	}
	if folder := filepath.Dir(name); !isDirectory(folder) {
		return "", fmt.Errorf("writing snapshot %s: there is no folder %s", name, folder)
	}
	return name, nil
}
