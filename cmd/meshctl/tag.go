package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

func newTagCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tag",
		Short:   "Give revisions a second name, which namespaces use",
		GroupID: groupInstall,
		Long: `A revision tag is a name that namespaces are labelled with (istio.io/rev=TAG). To
move them all to another control plane, the tag is moved; their pods follow when
they are restarted.`,
	}
	cmd.AddCommand(newTagGenerateCmd(e, nil), newTagListCmd(e, nil), newTagRemoveCmd(e, nil), newTagSetCmd(e, nil))
	return cmd
}

type tagOptions struct {
	tag        string
	revision   string
	manifests  string
	webhook    string
	overwrite  bool
	autoInject bool
	yes        bool
}

func (o *tagOptions) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVarP(&o.revision, "revision", "r", "", "`revision` that the tag points at")
	fs.BoolVar(&o.overwrite, "overwrite", false, "move a tag that points at another revision")
	fs.StringVar(&o.webhook, "webhook-name", "", "`name` of the webhook configuration")
	fs.BoolVar(&o.autoInject, "auto-inject-namespaces", false, "inject into all namespaces that do not opt out")
	fs.StringVarP(&o.manifests, "manifests", "d", "", "`location` of charts and profiles (default: those in this program)")
}

func (o *tagOptions) validate() error {
	if o.revision == "" {
		return usagef("say which revision the tag points at: --revision NAME")
	}
	return nil
}

func newTagSetCmd(e *env, runF func(context.Context, *tagOptions) error) *cobra.Command {
	o := &tagOptions{}
	cmd := &cobra.Command{
		Use:   "set TAG",
		Short: "Make a tag, or move it to another revision",
		Example: `  # A new tag
  meshctl tag set prod --revision 1-30

  # Move it; namespaces labelled istio.io/rev=prod follow when their pods restart
  meshctl tag set prod --revision 1-31 --overwrite`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.tag = args[0]
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runTagSet(cmd.Context(), e, o)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.yes, "skip-confirmation", false, "old name of --yes")
	_ = cmd.Flags().MarkHidden("skip-confirmation")
	return cmd
}

// plan makes the tag's objects.
func (o *tagOptions) plan(ctx context.Context, e *env) (*install.TagChange, meshCluster, error) {
	charts, err := install.ChartSource{}.Open(ctx, o.manifests)
	if err != nil {
		return nil, meshCluster{}, inputError(err)
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return nil, cluster, err
	}
	change, err := install.PlanTag(ctx, cluster, install.TagOptions{
		Tag: o.tag, Revision: o.revision, Namespace: e.global.istioNamespace, Charts: charts,
		Overwrite: o.overwrite, Webhook: o.webhook, AutoInject: o.autoInject,
	})
	return change, cluster, inputError(err)
}

func runTagSet(ctx context.Context, e *env, o *tagOptions) error {
	change, cluster, err := o.plan(ctx, e)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.err, describeTag(change))
	// Only a tag that somebody uses already is worth a question.
	if change.Before != "" && change.Before != change.Revision && len(change.Namespaces) > 0 && isTerminal(e.in) {
		if err := e.confirm(o.yes, "Move tag %s?", change.Tag); err != nil {
			return err
		}
	}
	if err := install.SetTag(ctx, cluster, change); err != nil {
		return err
	}
	if e.global.output == printer.JSON || e.global.output == printer.YAML {
		return printer.Print(e.out, e.global.output, printer.Report{Data: change})
	}
	_, err = fmt.Fprintf(e.out, "tag %s points at revision %s\n", change.Tag, change.Revision)
	return err
}

// describeTag says what a change of a tag means.
func describeTag(c *install.TagChange) string {
	var b strings.Builder
	switch c.Before {
	case "":
		fmt.Fprintf(&b, "tag %s is new", c.Tag)
	case c.Revision:
		fmt.Fprintf(&b, "tag %s points at revision %s already", c.Tag, c.Revision)
	default:
		fmt.Fprintf(&b, "tag %s: revision %s → %s", c.Tag, c.Before, c.Revision)
	}
	if len(c.Namespaces) > 0 {
		fmt.Fprintf(&b, "; new pods in %s get a proxy of revision %s, running ones when they are restarted",
			strings.Join(c.Namespaces, ", "), c.Revision)
	}
	for _, effect := range c.Webhooks {
		b.WriteString("\n  " + effect)
	}
	return b.String()
}

func newTagGenerateCmd(e *env, runF func(context.Context, *tagOptions) error) *cobra.Command {
	o := &tagOptions{}
	cmd := &cobra.Command{
		Use:     "generate TAG",
		Short:   "Print the objects of a tag without applying them",
		Example: `  meshctl tag generate prod --revision 1-31 | kubectl apply -f -`,
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.tag = args[0]
			if err := o.validate(); err != nil {
				return err
			}
			o.overwrite = true // printing overwrites nothing
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runTagGenerate(cmd.Context(), e, o)
		},
	}
	o.register(cmd)
	return cmd
}

func runTagGenerate(ctx context.Context, e *env, o *tagOptions) error {
	change, _, err := o.plan(ctx, e)
	if err != nil {
		return err
	}
	return writeObjects(e, change.Objects)
}

func newTagListCmd(e *env, runF func(context.Context, *tagOptions) error) *cobra.Command {
	o := &tagOptions{}
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"show"},
		Short:   "List the tags, their revisions and who uses them",
		Example: `  meshctl tag list
  meshctl tag list -o json`,
		Annotations: map[string]string{severalClusters: ""},
		Args:        usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runTagList(cmd.Context(), e)
		},
	}
}

func runTagList(ctx context.Context, e *env) error {
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	revisions, err := install.ReadRevisions(ctx, cluster)
	if err != nil {
		return err
	}
	report := printer.Report{Columns: printer.Columns("TAG", "REVISION", "NAMESPACES"), Data: revisions.Tags}
	for _, t := range revisions.Tags {
		report.Rows = append(report.Rows, []string{t.Tag, t.Revision, strings.Join(t.Namespaces, ",")})
		report.Names = append(report.Names, t.Tag)
	}
	return printer.Print(e.out, e.global.output, report)
}

func newTagRemoveCmd(e *env, runF func(context.Context, *tagOptions) error) *cobra.Command {
	o := &tagOptions{}
	cmd := &cobra.Command{
		Use:     "remove TAG",
		Aliases: []string{"delete"},
		Short:   "Remove a tag",
		Example: `  meshctl tag remove prod`,
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.tag = args[0]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runTagRemove(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask, even if namespaces use the tag")
	cmd.Flags().BoolVar(&o.yes, "skip-confirmation", false, "old name of --yes")
	_ = cmd.Flags().MarkHidden("skip-confirmation")
	return cmd
}

func runTagRemove(ctx context.Context, e *env, o *tagOptions) error {
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	objects, namespaces, err := install.FindTag(ctx, cluster, o.tag)
	if err != nil {
		return inputError(err)
	}
	if len(namespaces) > 0 {
		e.warn(fmt.Sprintf("new pods in %s will no longer be injected", strings.Join(namespaces, ", ")))
		if err := e.confirm(o.yes, "Remove tag %s?", o.tag); err != nil {
			return err
		}
	}
	if err := install.Remove(ctx, cluster, objects, func(install.Event) {}); err != nil {
		return err
	}
	if o.tag == "default" {
		e.warn("namespaces labelled istio-injection=enabled are injected by nobody now; run meshctl install, or set the tag again")
	}
	_, err = fmt.Fprintf(e.out, "tag %s removed\n", o.tag)
	return err
}
