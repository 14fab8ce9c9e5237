package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/ztunnel"
)

type ztunnelLogOptions struct {
	pod, node string
	levelOptions
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
	o.register(fs, "target", ztunnel.DefaultLevel)
	fs.StringVar(&o.node, "node", "", "only the ztunnel of this `node`")
	return cmd
}

func (o *ztunnelLogOptions) validate() (err error) {
	if err := o.levelOptions.validate(); err != nil {
		return err
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
	before string // "" if nothing was changed
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
	failures := atOnce(ctx, e, all, func(ctx context.Context, z *loggedZtunnel) error { return z.look(ctx, o) })
	err = e.printZtunnelLevels(all, failures)
	if o.during > 0 && slices.ContainsFunc(all, func(z *loggedZtunnel) bool { return z.before != "" }) {
		err = errors.Join(err, forAWhile(ctx, e, o.during, all, restoreZtunnel))
	}
	return err
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

// look reads the level and sets another.
func (z *loggedZtunnel) look(ctx context.Context, o *ztunnelLogOptions) (err error) {
	if z.Level, err = z.set(ctx, ""); err != nil {
		return err
	}
	before := z.Level
	switch {
	case o.reset:
		z.Level, err = z.set(ctx, "?reset&level="+ztunnel.DefaultLevel)
	case o.level != "":
		z.before = before
		z.Level, err = z.set(ctx, "?level="+url.QueryEscape(o.level))
	}
	return err
}

func restoreZtunnel(ctx context.Context, z *loggedZtunnel) error {
	if z.before == "" {
		return nil
	}
	_, err := z.set(ctx, "?reset&level="+url.QueryEscape(z.before))
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

func (e *env) printZtunnelLevels(all []*loggedZtunnel, failures []error) error {
	r := printer.Report{Columns: printer.Columns("ZTUNNEL", "LEVEL")}
	shown := []*loggedZtunnel{}
	for i, z := range all {
		if failures[i] == nil {
			shown = append(shown, z)
			r.Rows = append(r.Rows, []string{z.Name, z.Level})
			r.Names = append(r.Names, z.Name)
		}
	}
	r.Data = shown
	return e.printAnswers(r, failures, errSomeProxies)
}
