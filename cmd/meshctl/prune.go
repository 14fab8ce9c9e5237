package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

type pruneOptions struct {
	timeout time.Duration
	yes     bool
	dryRun  bool
}

func newPruneCmd(e *env, runF func(context.Context, *pruneOptions) error) *cobra.Command {
	o := &pruneOptions{}
	cmd := &cobra.Command{
		Use:     "prune",
		Short:   "Find and remove what earlier installations left behind",
		GroupID: groupInstall,
		Long: `Look for objects of the mesh that nothing needs any more: of revisions without a
control plane, of older versions, webhooks that lead nowhere, locks, published
certificates and remote secrets. Each is listed with the reason. Without a
terminal they are only listed, unless --yes is given; the exit code is then 3 if
there are any.`,
		Example: `  # List them
  meshctl prune --dry-run

  # Remove them
  meshctl prune --yes`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runPrune(cmd.Context(), e, o)
		},
	}
	fs := cmd.Flags()
	fs.DurationVar(&o.timeout, "timeout", uninstallTimeout, "`time` for all of it, waiting included (0 = no limit)")
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.dryRun, "dry-run", false, "only list them; exit code 3 if there are any")
	return cmd
}

func runPrune(ctx context.Context, e *env, o *pruneOptions) error {
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	left, err := install.FindLeftovers(ctx, cluster)
	if err != nil {
		return err
	}
	var rows []removedObject
	for _, l := range left {
		rows = append(rows, removedObject{Kind: l.Kind, Namespace: l.Namespace, Name: l.Name, Reason: l.Reason})
	}
	if len(left) == 0 && e.global.output == printer.Table {
		fmt.Fprintln(e.err, "nothing is left over")
		return nil
	}
	if err := e.printRemoved(rows, left); err != nil || len(left) == 0 {
		return err
	}
	if o.dryRun || !o.yes && !isTerminal(e.in) {
		return errFindings
	}
	if err := e.confirm(o.yes, "Remove these %d objects from %s?", len(left), cluster.Server()); err != nil {
		return err
	}
	return install.Remove(ctx, cluster, install.Objects(left), func(event install.Event) {
		fmt.Fprintln(e.err, "removed", event.Object)
	})
}
