package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/loggers"
)

type proxyLogOptions struct {
	pods       []string
	selector   string
	everywhere bool
	level      string
	reset      bool
	during     time.Duration

	change *loggers.Change
}

func newProxyLogCmd(e *env, runF func(context.Context, *proxyLogOptions) error) *cobra.Command {
	o := &proxyLogOptions{}
	cmd := &cobra.Command{
		Use:     "log [POD | TYPE/NAME]...",
		Aliases: []string{"o"},
		Short:   "Show and set the log levels of proxies, for a while if wanted",
		Example: `  # The levels of a proxy
  meshctl proxy-config log deploy/catalog -n shop

  # Everything about HTTP and access for ten minutes, on all proxies of an application
  meshctl proxy-config log -l app=catalog -n shop --level http:debug,rbac:debug --for 10m`,
		// Restoring needs time of its own; single requests are bounded.
		Annotations:       map[string]string{noDeadline: ""},
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.pods = args
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProxyLog(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	e.adminPortFlag(cmd)
	fs := cmd.Flags()
	fs.StringVar(&o.level, "level", "", "set `levels`: one for all, or logger:level, separated by commas")
	fs.BoolVarP(&o.reset, "reset", "r", false, "set all loggers to "+loggers.Default)
	fs.DurationVar(&o.during, "for", 0, "restore the levels after this `time`, or when interrupted")
	fs.StringVarP(&o.selector, "selector", "l", "", "the proxies of all pods with these `labels`")
	fs.BoolVarP(&o.everywhere, "all-namespaces", "A", false, "the proxies of all namespaces")
	return cmd
}

func (o *proxyLogOptions) validate() error {
	switch {
	case len(o.pods) == 0 && o.selector == "" && !o.everywhere:
		return usagef("which proxy? name a pod or a workload, or labels with --selector")
	case len(o.pods) > 0 && (o.selector != "" || o.everywhere):
		return usagef("names of pods and --selector or --all-namespaces exclude each other")
	case o.reset && o.level != "":
		return usagef("--reset and --level exclude each other")
	case o.during < 0 || o.during > 0 && o.level == "":
		return usagef("--for needs --level and a time that is not negative")
	}
	text := o.level
	if o.reset {
		text = loggers.Default
	}
	if text == "" {
		return nil
	}
	change, err := loggers.ParseChange(text)
	if err != nil {
		return usagef("--level: %w", err)
	}
	o.change = &change
	return nil
}

// loggedProxy is a proxy whose levels are shown or set.
type loggedProxy struct {
	Name    string           `json:"proxy"`
	Loggers []loggers.Logger `json:"loggers"`

	admin  *envoy.Admin
	before []loggers.Logger
	err    error
}

func runProxyLog(ctx context.Context, e *env, o *proxyLogOptions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	pods, err := e.proxyPods(ctx, o.pods, o.selector, o.everywhere, false)
	if err != nil {
		return err
	}
	proxies := make([]*loggedProxy, len(pods))
	for i, pod := range pods {
		admin, end := e.podAdmin(cluster, pod)
		defer func() { _ = end() }()
		proxies[i] = &loggedProxy{Name: pod.Name + "." + pod.Namespace, admin: admin}
	}
	eachProxy(proxies, func(p *loggedProxy) error {
		step, cancel := e.step(ctx)
		defer cancel()
		return p.look(step, o.change)
	})
	if err := e.printLoggers(proxies); err != nil || o.during == 0 {
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
	return restoreLoggers(context.WithoutCancel(ctx), e, proxies)
}

// look reads the levels and makes a change.
func (p *loggedProxy) look(ctx context.Context, change *loggers.Change) error {
	text, err := p.admin.Post(ctx, envoy.Logging)
	if err != nil {
		return err
	}
	if p.before, err = loggers.Parse(string(text)); err != nil {
		return fmt.Errorf("reading the loggers of %s: %w", p.Name, err)
	}
	p.Loggers = p.before
	if change == nil {
		return nil
	}
	if err := change.Check(p.before); err != nil {
		return fmt.Errorf("setting the levels of %s: %w", p.Name, err)
	}
	for _, path := range change.Paths() {
		if text, err = p.admin.Post(ctx, path); err != nil {
			return err
		}
	}
	p.Loggers, err = loggers.Parse(string(text))
	return err
}

func restoreLoggers(ctx context.Context, e *env, proxies []*loggedProxy) error {
	eachProxy(proxies, func(p *loggedProxy) error {
		if p.err != nil {
			return p.err
		}
		step, cancel := e.step(ctx)
		defer cancel()
		for _, path := range loggers.Restore(p.before).Paths() {
			if _, err := p.admin.Post(step, path); err != nil {
				return fmt.Errorf("restoring the levels: %w", err)
			}
		}
		return nil
	})
	var failed []error
	for _, p := range proxies {
		failed = append(failed, p.err)
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Fprintln(e.err, "the levels are restored")
	return nil
}

// eachProxy does something with all proxies at once and keeps the errors with them.
func eachProxy(proxies []*loggedProxy, do func(*loggedProxy) error) {
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for _, p := range proxies {
		work.Go(func() error {
			p.err = do(p)
			return nil
		})
	}
	_ = work.Wait() // failures are kept with the proxies
}

func (e *env) printLoggers(proxies []*loggedProxy) error {
	r := printer.Report{Columns: printer.Columns("PROXY", "LOGGER", "LEVEL")}
	shown, failed := []*loggedProxy{}, false
	for _, p := range proxies {
		if p.err != nil {
			fmt.Fprintln(e.err, "error:", p.err)
			failed = true
			continue
		}
		shown = append(shown, p)
		for _, l := range p.Loggers {
			r.Rows = append(r.Rows, []string{p.Name, l.Name, l.Level})
			r.Names = append(r.Names, p.Name+"/"+l.Name)
		}
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
