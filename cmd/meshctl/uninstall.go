package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

// uninstallTimeout bounds an uninstallation.
const uninstallTimeout = 5 * time.Minute

type uninstallOptions struct {
	mesh        meshInput
	timeout     time.Duration
	yes         bool
	dryRun      bool
	purge       bool
	includeCRDs bool
	force       bool
}

func newUninstallCmd(e *env, runF func(context.Context, *uninstallOptions) error) *cobra.Command {
	o := &uninstallOptions{}
	cmd := &cobra.Command{
		Use:     "uninstall",
		Short:   "Remove a control plane, or all of the mesh",
		GroupID: groupInstall,
		Long: `List what belongs to a revision, or with --purge to any, ask, delete it in a safe
order (webhooks first, so that nothing is refused on the way), and wait until it
is gone. Tags, namespaces and proxies that still use the revision are named, and
then nothing is done unless --force is given.

Your own resources of the mesh, such as VirtualServices, stay unless
--purge --include-crds is given, which removes them with their CRDs. With --purge
the namespace goes too, if ` + "`meshctl install`" + ` has made it and nothing else is in it.`,
		Example: `  # One of two control planes
  meshctl uninstall --revision 1-30

  # Everything, your mesh configuration included
  meshctl uninstall --purge --include-crds`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runUninstall(cmd.Context(), e, o)
		},
	}
	fs := cmd.Flags()
	fs.DurationVar(&o.timeout, "timeout", uninstallTimeout, "`time` for all of it, waiting included (0 = no limit)")
	fs.StringVarP(&o.mesh.revision, "revision", "r", "", "`revision` to remove")
	fs.StringSliceVarP(&o.mesh.files, "filename", "f", nil, "IstioOperator `file` whose revision is removed")
	fs.StringArrayVarP(&o.mesh.sets, "set", "s", nil, "set one field of the operator file, as `PATH=VALUE`")
	fs.BoolVar(&o.purge, "purge", false, "remove all revisions and what they share")
	fs.BoolVar(&o.includeCRDs, "include-crds", false, "with --purge: remove the CRDs, and with them all mesh configuration")
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.yes, "skip-confirmation", false, "old name of --yes")
	_ = fs.MarkHidden("skip-confirmation")
	fs.BoolVar(&o.dryRun, "dry-run", false, "only list what would be removed")
	fs.BoolVar(&o.force, "force", false, "remove it although it is still in use")
	return cmd
}

func (o *uninstallOptions) validate() error {
	named := o.mesh.revision != "" || len(o.mesh.files) > 0 || len(o.mesh.sets) > 0
	switch {
	case !named && !o.purge:
		return usagef("say what to remove: --revision NAME, -f FILE or --purge")
	case named && o.purge:
		return usagef("--purge removes every revision; leave out --revision, -f and --set")
	case o.includeCRDs && !o.purge:
		return usagef("--include-crds needs --purge: the CRDs are shared by all revisions")
	}
	return nil
}

func runUninstall(ctx context.Context, e *env, o *uninstallOptions) error {
	if !o.dryRun {
		if err := e.needYes(o.yes); err != nil {
			return err
		}
	}
	what := install.UninstallOptions{Purge: o.purge, IncludeCRDs: o.includeCRDs, Namespace: e.global.istioNamespace}
	if !o.purge {
		config, err := o.mesh.config(ctx, e)
		if err != nil {
			return err
		}
		what.Revision = config.Revision()
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	removal, err := install.FindInstalled(ctx, cluster, what)
	if err != nil {
		return inputError(err)
	}
	if o.dryRun {
		return e.printRemoval(removal)
	}
	count := len(removal.All()) + removal.EmptyNamespaces()
	if count == 0 {
		fmt.Fprintln(e.err, "there is nothing to remove")
		return nil
	}
	if len(removal.Users) > 0 {
		inUse := &install.InUseError{Users: removal.Users}
		if !o.force {
			return inUse
		}
		e.warn("removed although it is still in use by " + inUse.UsedBy())
	}
	if !o.yes {
		if err := e.printRemoval(removal); err != nil {
			return err
		}
	}
	if err := e.confirm(o.yes, "Remove these %d objects from %s?", count, cluster.Server()); err != nil {
		return err
	}
	if err := removal.Run(ctx, cluster, newProgress(e).report); err != nil {
		return err
	}
	for _, ns := range removal.Namespaces {
		if ns.Stays != "" {
			fmt.Fprintf(e.err, "namespace %s stays: %s\n", ns.Name, ns.Stays)
		}
	}
	for _, release := range removal.Releases {
		namespace, name, _ := strings.Cut(release, "/")
		fmt.Fprintf(e.err, "Helm still lists its release %s: helm uninstall %s -n %s clears that\n", name, name, namespace)
	}
	if e.global.output == printer.JSON {
		return json.NewEncoder(e.out).Encode(summaryEvent{"summary", install.Result{Deleted: count}})
	}
	_, err = fmt.Fprintf(e.out, "%d objects removed\n", count)
	return err
}

// removedObject is one object that would go.
type removedObject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Component string `json:"component,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// printRemoval lists what would go, in the order in which it does.
func (e *env) printRemoval(removal *install.Removal) error {
	rows := []removedObject{}
	for _, o := range removal.All() {
		rows = append(rows, removedObject{o.Kind, o.Namespace, o.Name, o.Component, removal.Reasons[o.ID()]})
	}
	for _, ns := range removal.Namespaces {
		if ns.Stays != "" {
			e.warn(fmt.Sprintf("namespace %s stays: %s", ns.Name, ns.Stays))
			continue
		}
		rows = append(rows, removedObject{Kind: "Namespace", Name: ns.Name, Reason: "meshctl install made it, and nothing else is in it"})
	}
	return e.printRemoved(rows, map[string]any{"objects": rows, "users": append([]string{}, removal.Users...)})
}

// printRemoved prints what would go: an object a line for people, since a table
// of names and reasons is wider than terminals are; -o wide has it.
func (e *env) printRemoved(rows []removedObject, data any) error {
	report := printer.Report{Columns: printer.Columns("KIND", "NAMESPACE", "NAME", "COMPONENT", "REASON"), Data: data}
	var lines strings.Builder
	for _, r := range rows {
		id := (&install.Object{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}).ID()
		report.Rows = append(report.Rows, []string{r.Kind, r.Namespace, r.Name, r.Component, r.Reason})
		report.Names = append(report.Names, id)
		lines.WriteString("- remove " + id)
		if r.Reason != "" {
			lines.WriteString(" (" + r.Reason + ")")
		}
		lines.WriteString("\n")
	}
	if e.global.output == printer.Table {
		_, err := io.WriteString(e.out, lines.String())
		return err
	}
	return printer.Print(e.out, e.global.output, report)
}
