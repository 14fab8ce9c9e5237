package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/kube"
)

// completionBudget is how long completion may ask the cluster. Somebody waits
// at a prompt: later is the same as never.
const completionBudget = time.Second

type completionFunc = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// completeFlags lets the shell complete the values of flags: the words of a
// choice, contexts, namespaces. A flag that completes itself keeps its way.
func completeFlags(e *env, cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, has := cmd.GetFlagCompletionFunc(f.Name); has {
			return
		}
		var complete completionFunc
		switch f.Name {
		case "context", "contexts", "remote-contexts":
			complete = e.completeContexts
		case "namespace", "istio-namespace":
			complete = e.completeNames(schema.GroupKind{Kind: "Namespace"})
		}
		if c, ok := f.Value.(interface{ words() []string }); ok {
			complete = cobra.FixedCompletions(c.words(), cobra.ShellCompDirectiveNoFileComp)
		}
		if complete != nil {
			// Fails only for a flag that does not exist, and this one does.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete)
		}
	})
}

func (e *env) completeContexts(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	_ = e.configure(cmd) // broken settings must not show up in the user's prompt
	contexts, _ := e.global.kube.Contexts()
	return contexts, cobra.ShellCompDirectiveNoFileComp
}

// completeNames completes names of objects: those of a cluster-wide kind, or
// those in the namespace that the command line or the context chooses.
func (e *env) completeNames(kind schema.GroupKind) completionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return e.names(cmd, prefixed{kind, ""}), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeWorkloads completes what commands about proxies take: pods by name,
// and deployments, daemon sets and stateful sets as kind/name.
func (e *env) completeWorkloads(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	names := e.names(cmd,
		prefixed{schema.GroupKind{Kind: "Pod"}, ""},
		prefixed{schema.GroupKind{Group: "apps", Kind: "Deployment"}, "deploy/"},
		prefixed{schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "sts/"},
		prefixed{schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, "ds/"},
	)
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

// prefixed is a kind and what stands before its objects' names.
type prefixed struct {
	kind   schema.GroupKind
	prefix string
}

// names lists the names of the objects of some kinds; none if the cluster
// does not answer in time or forbids it.
func (e *env) names(cmd *cobra.Command, wanted ...prefixed) []string {
	_ = e.configure(cmd)
	cluster, err := e.cluster()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionBudget)
	defer cancel()
	var kinds []schema.GroupKind
	for _, w := range wanted {
		kinds = append(kinds, w.kind)
	}
	set, _, err := cluster.List(ctx, kinds, kube.ListOptions{MetadataOnly: true, Namespace: cluster.Namespace()})
	if err != nil {
		return nil
	}
	var names []string
	for _, w := range wanted {
		for _, o := range set.Of(w.kind) {
			names = append(names, w.prefix+o.Name)
		}
	}
	return names
}
