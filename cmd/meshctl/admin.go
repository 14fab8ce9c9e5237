package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/istiod"
	"github.com/meshctl/meshctl/internal/printer"
)

func newAdminCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "admin",
		Aliases: []string{"istiod"},
		GroupID: groupProxies,
		Short:   "Look after the control plane itself",
	}
	cmd.AddCommand(newAdminLogCmd(e, nil))
	return cmd
}

type adminLogOptions struct {
	pod, selector, revision       string
	level, stackLevel             string
	reset, resetLevel, resetStack bool
	during                        time.Duration
	port                          int
	levelChange, stackChange      istiod.ScopeChange
}

// Levels that istiod starts with.
const (
	defaultScopeLevel = "info"
	defaultStackLevel = "none"
)

func newAdminLogCmd(e *env, runF func(context.Context, *adminLogOptions) error) *cobra.Command {
	o := &adminLogOptions{}
	cmd := &cobra.Command{
		Use:     "log [POD]",
		Aliases: []string{"l"},
		Short:   "Show and set what istiod logs, for a while if wanted",
		Long: `Show and set the levels of istiod's logging scopes, on all istiods or on those that
are named. The scopes are read and set over ControlZ, which listens within the pod.`,
		Example: `  # The scopes of all istiods
  meshctl admin log

  # What is pushed to whom, with call stacks of its errors, for ten minutes
  meshctl admin log --level ads:debug --stack-trace-level ads:error --for 10m

  # Everything as istiod starts, in one revision
  meshctl admin log --reset --revision canary`,
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
			return runAdminLog(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	fs := cmd.Flags()
	fs.StringVar(&o.level, "level", "", "set `levels`: scope:level separated by commas, or one for all")
	fs.StringVar(&o.stackLevel, "stack-trace-level", "", "set the `levels` from which on call stacks are logged, in the same form")
	fs.BoolVar(&o.reset, "reset", false, "set all levels to "+defaultScopeLevel+" and stack traces to "+defaultStackLevel)
	fs.BoolVar(&o.resetLevel, "log-reset", false, "set all levels to "+defaultScopeLevel)
	fs.BoolVar(&o.resetStack, "stack-trace-reset", false, "set stack traces to "+defaultStackLevel)
	duringFlag(fs, &o.during)
	fs.StringVarP(&o.selector, "selector", "l", "", "only istiods with these `labels`")
	fs.StringVarP(&o.revision, "revision", "r", "", "only istiods of this `revision`")
	fs.IntVar(&o.port, "ctrlz-port", istiod.ControlZPort, "`port` of ControlZ")
	return cmd
}

func (o *adminLogOptions) validate() (err error) {
	resets := o.reset || o.resetLevel || o.resetStack
	switch {
	case (o.reset || o.resetLevel) && o.level != "":
		return usagef("--level and --reset or --log-reset exclude each other")
	case (o.reset || o.resetStack) && o.stackLevel != "":
		return usagef("--stack-trace-level and --reset or --stack-trace-reset exclude each other")
	case o.during < 0 || o.during > 0 && !resets && o.level == "" && o.stackLevel == "":
		return usagef("--for needs a level to set and a time that is not negative")
	case o.pod != "" && (o.selector != "" || o.revision != ""):
		return usagef("a pod and --selector or --revision exclude each other")
	case o.port < 1 || o.port > 65535:
		return usagef("--ctrlz-port %d: ports are from 1 to 65535", o.port)
	}
	if o.reset || o.resetLevel {
		o.level = defaultScopeLevel
	}
	if o.reset || o.resetStack {
		o.stackLevel = defaultStackLevel
	}
	if o.levelChange, err = istiod.ParseScopeChange(o.level); err != nil {
		return usagef("--level: %w", err)
	}
	if o.stackChange, err = istiod.ParseScopeChange(o.stackLevel); err != nil {
		return usagef("--stack-trace-level: %w", err)
	}
	return nil
}

// scopeRow is a scope of an istiod, in the peer's words.
type scopeRow struct {
	Istiod          string `json:"istiod"`
	ScopeName       string `json:"scope_name"`
	LogLevel        string `json:"log_level"`
	StackTraceLevel string `json:"stack_trace_level"`
	Description     string `json:"description"`
}

func (e *env) printScopes(istiods []*loggedIstiod, failures []error) error {
	r := printer.Report{Columns: printer.Columns("ACTIVE SCOPE", "DESCRIPTION", "LOG LEVEL", "STACK TRACE LEVEL")}
	if len(istiods) > 1 {
		r.Columns = append(printer.Columns("ISTIOD"), r.Columns...)
	}
	data := []scopeRow{}
	for n, i := range istiods {
		if failures[n] != nil {
			continue
		}
		for _, s := range i.scopes {
			data = append(data, scopeRow{i.name, s.Name, s.OutputLevel, s.StackTraceLevel, s.Description})
			row := []string{s.Name, s.Description, s.OutputLevel, s.StackTraceLevel}
			if len(istiods) > 1 {
				row = append([]string{i.name}, row...)
			}
			r.Rows = append(r.Rows, row)
			r.Names = append(r.Names, i.name+"/"+s.Name)
		}
	}
	r.Data = data
	return e.printAnswers(r, failures, errSomeIstiods)
}
