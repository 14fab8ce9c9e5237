package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/ztunnel"
)

type ztunnelLogOptions struct {
	pod, node string
	level     string
	reset     bool
	during    time.Duration
}

func newZtunnelLogCmd(e *env, runF func(context.Context, *ztunnelLogOptions) error) *cobra.Command {
	o := &ztunnelLogOptions{}
	cmd := &cobra.Command{
		Use:     "log [POD]",
		Aliases: []string{"o"},
		Short:   "Show and set what ztunnels log, for a while if wanted",
		Long: `Show and set the log level of ztunnels: one for all, or levels of single parts of the
program as target:level, separated by commas. Without a pod, of all ztunnels.`,
		Example: `  # The levels of all ztunnels
  meshctl ztunnel-config log

  # Everything about connections on one node for ten minutes
  meshctl ztunnel-config log --node worker-1 --level info,access:debug --for 10m`,
		Annotations: map[string]string{noDeadline: ""}, // for --for; single requests are bounded
		Args:        usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.pod = args[0]
			}
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runZtunnelLog(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	e.adminPortFlag(cmd)
	fs := cmd.Flags()
	fs.StringVar(&o.level, "level", "", "set `levels`: one for all, or target:level, separated by commas")
	fs.BoolVarP(&o.reset, "reset", "r", false, "set the level to "+ztunnel.DefaultLevel)
	fs.DurationVar(&o.during, "for", 0, "restore the levels after this `time`, or when interrupted")
	fs.StringVar(&o.node, "node", "", "only the ztunnel of this `node`")
	return cmd
}

func (o *ztunnelLogOptions) validate() (err error) {
	switch {
	case o.reset && o.level != "":
		return usagef("--reset and --level exclude each other")
	case o.during < 0 || o.during > 0 && o.level == "":
		return usagef("--for needs --level and a time that is not negative")
	}
	if o.level, err = ztunnel.ParseLevels(o.level); err != nil {
		return usagef("--level: %w", err)
	}
	return nil
}

// loggedZtunnel is a ztunnel whose level is shown or set.
type loggedZtunnel struct {
	Name  string `json:"proxy"`
	Level string `json:"level"`

	admin  *envoy.Admin
	before string
	err    error
}

func runZtunnelLog(ctx context.Context, e *env, o *ztunnelLogOptions) error {
	finding, cancel := e.step(ctx)
	defer cancel()
	pods, err := e.ztunnelPods(finding, o.pod, o.node)
	if err != nil {
		return err
	}
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	all := make([]*loggedZtunnel, len(pods))
	for i, pod := range pods {
		admin, end := e.podAdmin(cluster, pod)
		defer func() { _ = end() }()
		all[i] = &loggedZtunnel{Name: pod.Name + "." + pod.Namespace, admin: admin}
	}
	e.eachZtunnel(ctx, all, func(ctx context.Context, z *loggedZtunnel) error { return z.look(ctx, o) })
	if err := e.printZtunnelLevels(all); err != nil || o.during == 0 {
		return err
	}
	fmt.Fprintf(e.err, "the levels are restored in %s, or when you press Ctrl-C\n", o.during)
	wait := time.NewTimer(o.during)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	// The user's interrupt must not keep the levels from being restored.
	e.eachZtunnel(context.WithoutCancel(ctx), all, func(ctx context.Context, z *loggedZtunnel) error {
		_, err := z.set(ctx, "?reset&level="+url.QueryEscape(z.before))
		return err
	})
	var failed []error
	for _, z := range all {
		failed = append(failed, z.err)
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Fprintln(e.err, "the levels are restored")
	return nil
}

// ztunnelPods finds the running ztunnels: all, that of a node, or the one that is named.
func (e *env) ztunnelPods(ctx context.Context, name, node string) ([]*corev1.Pod, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	pods, err := cluster.Pods(ctx, "", "app=ztunnel")
	if err != nil {
		return nil, err
	}
	count := len(pods)
	podName, namespace, _ := strings.Cut(strings.TrimPrefix(name, "pod/"), ".")
	pods = slices.DeleteFunc(pods, func(p *corev1.Pod) bool {
		return podName != "" && p.Name != podName || namespace != "" && p.Namespace != namespace || node != "" && p.Spec.NodeName != node
	})
	switch {
	case len(pods) > 0:
		return pods, nil
	case count == 0:
		return nil, errors.New("no ztunnel found; is the ambient profile installed?")
	case name != "":
		return nil, fmt.Errorf("no ztunnel found with the name %q among %d", name, count)
	}
	return nil, fmt.Errorf("no ztunnel found on node %q; there are %d on other nodes", node, count)
}

// eachZtunnel does something with all ztunnels at once and keeps the errors with them.
func (e *env) eachZtunnel(ctx context.Context, all []*loggedZtunnel, do func(context.Context, *loggedZtunnel) error) {
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for _, z := range all {
		work.Go(func() error {
			step, cancel := e.step(ctx)
			defer cancel()
			if z.err == nil {
				z.err = do(step, z)
			}
			return nil
		})
	}
	_ = work.Wait() // failures are kept with the ztunnels
}

// look reads the level and sets another.
func (z *loggedZtunnel) look(ctx context.Context, o *ztunnelLogOptions) (err error) {
	if z.before, err = z.set(ctx, ""); err != nil {
		return err
	}
	switch {
	case o.reset:
		z.Level, err = z.set(ctx, "?reset&level="+ztunnel.DefaultLevel)
	case o.level != "":
		z.Level, err = z.set(ctx, "?level="+url.QueryEscape(o.level))
	default:
		z.Level = z.before
	}
	return err
}

func (z *loggedZtunnel) set(ctx context.Context, query string) (level string, err error) {
	text, err := z.admin.Post(ctx, envoy.Logging+query)
	if err != nil {
		return "", err
	}
	if level, err = ztunnel.ParseLogging(string(text)); err != nil {
		return "", fmt.Errorf("reading the level of %s: %w", z.Name, err)
	}
	return level, nil
}

func (e *env) printZtunnelLevels(all []*loggedZtunnel) error {
	r := printer.Report{Columns: printer.Columns("ZTUNNEL", "LEVEL")}
	shown, failed := []*loggedZtunnel{}, false
	for _, z := range all {
		if z.err != nil {
			fmt.Fprintln(e.err, "error:", z.err)
			failed = true
			continue
		}
		shown = append(shown, z)
		r.Rows = append(r.Rows, []string{z.Name, z.Level})
		r.Names = append(r.Names, z.Name)
	}
	r.Data = shown
	format := e.global.output
	if format == formatShort {
		format = printer.Table
	}
	if err := printer.Print(e.out, format, r); err != nil {
		return err
	}
	if failed {
		return errSomeProxies
	}
	return nil
}
