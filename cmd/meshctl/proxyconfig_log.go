package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/loggers"
)

type proxyLogOptions struct {
	proxyChoice
	levelOptions

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
			if err := o.validate(args); err != nil {
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
	o.levelOptions.register(fs, "logger", loggers.Default)
	o.proxyChoice.register(fs)
	return cmd
}

func (o *proxyLogOptions) validate(args []string) error {
	if err := o.proxyChoice.validate(args); err != nil {
		return err
	}
	if err := o.levelOptions.validate(); err != nil {
		return err
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
	before []loggers.Logger // nil if nothing was changed
}

func runProxyLog(ctx context.Context, e *env, o *proxyLogOptions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	finding, cancel := e.step(ctx)
	defer cancel()
	pods, err := e.chosenPods(finding, o.proxyChoice)
	if err != nil {
		return err
	}
	proxies := make([]*loggedProxy, len(pods))
	for i, pod := range pods {
		admin, end := e.podAdmin(cluster, pod)
		defer func() { _ = end() }()
		proxies[i] = &loggedProxy{Name: pod.Name + "." + pod.Namespace, admin: admin}
	}
	failures := atOnce(ctx, e, proxies, func(ctx context.Context, p *loggedProxy) error { return p.look(ctx, o.change) })
	err = e.printLoggers(proxies, failures)
	if o.during > 0 && slices.ContainsFunc(proxies, func(p *loggedProxy) bool { return p.before != nil }) {
		err = errors.Join(err, forAWhile(ctx, e, o.during, proxies, restoreLoggers))
	}
	return err
}

// look reads the levels and makes a change.
func (p *loggedProxy) look(ctx context.Context, change *loggers.Change) error {
	text, err := p.admin.Post(ctx, envoy.Logging)
	if err != nil {
		return err
	}
	if p.Loggers, err = loggers.Parse(string(text)); err != nil {
		return fmt.Errorf("reading the loggers of %s: %w", p.Name, err)
	}
	if change == nil {
		return nil
	}
	if err := change.Check(p.Loggers); err != nil {
		return fmt.Errorf("setting the levels of %s: %w", p.Name, err)
	}
	p.before = p.Loggers
	for _, path := range change.Paths() {
		if text, err = p.admin.Post(ctx, path); err != nil {
			return err
		}
	}
	p.Loggers, err = loggers.Parse(string(text))
	return err
}

func restoreLoggers(ctx context.Context, p *loggedProxy) error {
	if p.before == nil {
		return nil
	}
	for _, path := range loggers.Restore(p.before).Paths() {
		if _, err := p.admin.Post(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) printLoggers(proxies []*loggedProxy, failures []error) error {
	r := printer.Report{Columns: printer.Columns("PROXY", "LOGGER", "LEVEL")}
	shown := []*loggedProxy{}
	for i, p := range proxies {
		if failures[i] != nil {
			continue
		}
		shown = append(shown, p)
		for _, l := range p.Loggers {
			r.Rows = append(r.Rows, []string{p.Name, l.Name, l.Level})
			r.Names = append(r.Names, p.Name+"/"+l.Name)
		}
	}
	r.Data = shown
	return e.printAnswers(r, failures, errSomeProxies)
}
