package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/spf13/cobra"
	"istio.io/api/label"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

type injectLabelOptions struct {
	namespaces []string
	enable     bool
	revision   string
	dryRun     bool
}

func newInjectEnableCmd(e *env, runF func(context.Context, *injectLabelOptions) error) *cobra.Command {
	o := &injectLabelOptions{enable: true}
	cmd := &cobra.Command{
		Use:   "enable NAMESPACE...",
		Short: "Have new pods of namespaces injected",
		Long: `Label namespaces so that their new pods are injected: istio-injection=enabled for
the default revision, or istio.io/rev for the revision or tag given. Then list
the pods that have to be restarted for it.`,
		Example: `  meshctl inject enable shop
  meshctl inject enable shop billing --revision canary`,
	}
	o.register(e, cmd, runF)
	cmd.Flags().StringVarP(&o.revision, "revision", "r", "", "`revision` or tag (default: that of istio-injection=enabled)")
	return cmd
}

func newInjectDisableCmd(e *env, runF func(context.Context, *injectLabelOptions) error) *cobra.Command {
	o := &injectLabelOptions{}
	cmd := &cobra.Command{
		Use:   "disable NAMESPACE...",
		Short: "Have new pods of namespaces left alone",
		Long: `Label namespaces with istio-injection=disabled, so that their new pods are not
injected. Then list the pods that have to be restarted to lose their proxies.`,
		Example: `  meshctl inject disable shop`,
	}
	o.register(e, cmd, runF)
	return cmd
}

func (o *injectLabelOptions) register(e *env, cmd *cobra.Command, runF func(context.Context, *injectLabelOptions) error) {
	cmd.Args = usageArgs(cobra.MinimumNArgs(1))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.namespaces = args
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return runInjectLabel(cmd.Context(), e, o)
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "change nothing, only tell")
}

// labels are those that the namespace is to have; "" is none.
func (o *injectLabelOptions) labels() map[string]string {
	wanted := map[string]string{istio.InjectionLabel: "", label.IoIstioRev.Name: ""}
	switch {
	case !o.enable:
		wanted[istio.InjectionLabel] = istio.InjectionDisabled
	case o.revision == "":
		wanted[istio.InjectionLabel] = istio.InjectionEnabled
	default:
		wanted[label.IoIstioRev.Name] = o.revision
	}
	return wanted
}

func runInjectLabel(ctx context.Context, e *env, o *injectLabelOptions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	mesh, err := e.injectionOf(ctx, cluster)
	if err != nil {
		return err
	}
	for _, name := range o.namespaces {
		if _, ok := mesh.namespaces[name]; !ok {
			return fmt.Errorf("there is no namespace %s", name)
		}
		if reason := inject.NeverInjected(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: name}}); o.enable && reason != "" {
			return fmt.Errorf("enabling injection: %s", reason)
		}
	}
	if o.enable {
		if err := o.checkInjector(mesh); err != nil {
			return err
		}
	}
	for _, name := range o.namespaces {
		if err := o.label(ctx, e, cluster, mesh, name); err != nil {
			return err
		}
	}
	return nil
}

// checkInjector makes sure that somebody answers to the labels: pods of a
// namespace that names an unknown revision silently get no proxy.
func (o *injectLabelOptions) checkInjector(mesh *clusterInjection) error {
	labels := o.labels()
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" })
	for _, w := range mesh.webhooks {
		if w.Verdict(labels, nil).Inject {
			return nil
		}
	}
	what := "the label " + istio.InjectionLabel + "=" + istio.InjectionEnabled
	if o.revision != "" {
		what = "revision or tag " + o.revision
	}
	return fmt.Errorf("enabling injection: no injector answers to %s; see `meshctl injector list` and `meshctl tag list`", what)
}

// label changes one namespace and tells which pods are to be restarted.
func (o *injectLabelOptions) label(ctx context.Context, e *env, cluster *kube.Cluster, mesh *clusterInjection, name string) error {
	ns := mesh.namespaces[name]
	labels, patch := maps.Clone(ns.Labels), map[string]any{}
	if labels == nil {
		labels = map[string]string{}
	}
	for key, value := range o.labels() {
		delete(labels, key)
		patch[key] = nil
		if value != "" {
			labels[key], patch[key] = value, value
		}
	}
	done := "unchanged"
	if !maps.Equal(labels, ns.Labels) {
		done = "labelled"
		if o.dryRun {
			done = "would be labelled"
		} else if err := patchLabels(ctx, cluster, name, patch); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.out, "namespace/%s %s\n", name, done)
	pods, err := cluster.Pods(ctx, name, "")
	if err != nil {
		return err
	}
	ns.Labels = labels
	for _, pod := range pods {
		if inject.Stale(pod, ns, mesh.webhooks, mesh.images) {
			fmt.Fprintf(e.out, "pod/%s needs a restart\n", pod.Name)
		}
	}
	return nil
}

func patchLabels(ctx context.Context, cluster *kube.Cluster, namespace string, labels map[string]any) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels}})
	if err != nil {
		return err
	}
	_, err = cluster.PatchMerge(ctx, resource.Key{GroupKind: istio.Namespace, Name: namespace}, patch)
	return err
}
