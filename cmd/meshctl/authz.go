package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/authz"
)

func newAuthzCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "authz",
		GroupID: groupConfig,
		Short:   "Say what authorization policies do",
	}
	cmd.AddCommand(newAuthzCheckCmd(e, nil))
	return cmd
}

type authzCheckOptions struct{ source proxySource }

func newAuthzCheckCmd(e *env, runF func(context.Context, *authzCheckOptions) error) *cobra.Command {
	o := &authzCheckOptions{}
	cmd := &cobra.Command{
		Use:   "check [POD | TYPE/NAME]...",
		Short: "List the authorization policies that are in force in a proxy",
		Long: `List the AuthorizationPolicies that have reached a proxy, from the filters that it
really has: those of the mesh, of its namespace and of the workload together, with the
number of their rules. -o wide also names the listeners in which they are in force.

A filter without any policy is listed as ` + authz.Nothing + `: as ALLOW, nothing
is allowed. What becomes of a certain request tells ` + "`meshctl proxy-config trace`" + `.`,
		Example: `  # Of one pod of a workload
  meshctl authz check deploy/catalog -n shop

  # From a dump that was taken before, with the listeners
  meshctl authz check --file config_dump.json -o wide`,
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.source.validate(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAuthzCheck(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd)
	o.source.register(cmd.Flags())
	e.adminPortFlag(cmd)
	return cmd
}

func runAuthzCheck(ctx context.Context, e *env, o *authzCheckOptions) error {
	targets, err := o.source.targets(ctx, e)
	if err != nil {
		return err
	}
	answers := readAll(ctx, targets, authz.Reads)
	reports := make([]proxyconfig.Report, len(answers))
	for i := range answers {
		if a := &answers[i]; a.err == nil {
			policies, err := authz.Policies(a.dump)
			if err != nil {
				a.err = a.wrap(err)
			}
			reports[i] = authzReport(policies)
		}
	}
	if len(answers) > 1 {
		return e.printProxyReports(e.global.output, answers, reports)
	}
	if answers[0].err != nil {
		return answers[0].err
	}
	return e.printProxyReport(e.global.output, reports[0])
}

// authzReport has a row for each policy. Those that are only tried out are told apart, as
// the table has the peer's columns.
func authzReport(policies []authz.Policy) proxyconfig.Report {
	r := proxyconfig.Report{
		Columns: []proxyconfig.Column{{Title: "ACTION"}, {Title: "AuthorizationPolicy"}, {Title: "RULES"}, {Title: "LISTENERS", Wide: true}},
		Data:    func() any { return policies },
	}
	for _, p := range policies {
		r.Names = append(r.Names, fmt.Sprintf("%s/%s", strings.ToLower(string(p.Action)), p.Policy))
		if p.DryRun {
			r.Notes = append(r.Notes, fmt.Sprintf("%s is a dry run (%s, %d rules): it is evaluated and decides nothing", p.Policy, p.Action, p.Rules))
			continue
		}
		r.Rows = append(r.Rows, []string{string(p.Action), p.Policy, strconv.Itoa(p.Rules), strings.Join(p.Listeners, ", ")})
	}
	return r
}
