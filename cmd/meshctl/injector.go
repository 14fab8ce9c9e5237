package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/inject"
)

func newInjectorCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "injector",
		Short:   "Show the injectors and what they have injected",
		GroupID: groupWorkloads,
	}
	cmd.AddCommand(newInjectorListCmd(e, nil))
	return cmd
}

type injectorListOptions struct{}

func newInjectorListCmd(e *env, runF func(context.Context, *injectorListOptions) error) *cobra.Command {
	o := &injectorListOptions{}
	return &cobra.Command{
		Use:   "list",
		Short: "List injectors, namespaces, and pods that are behind",
		Long: `List the namespaces with the revision that injects them, their pods by revision
and proxy version, and how many pods would be injected otherwise if they were
restarted; then the injectors with the namespaces they serve and the proxy image
they inject. With -n only that namespace is shown.`,
		Example: `  meshctl injector list
  meshctl injector list -n shop -o json`,
		Annotations: map[string]string{severalClusters: ""},
		Args:        usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runInjectorList(cmd.Context(), e, cmd.Flags().Changed("namespace"))
		},
	}
}

func runInjectorList(ctx context.Context, e *env, oneNamespace bool) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	mesh, err := e.injectionOf(ctx, cluster)
	if err != nil {
		return err
	}
	only := ""
	if oneNamespace {
		only = cluster.Namespace()
		maps.DeleteFunc(mesh.namespaces, func(name string, _ inject.Namespace) bool { return name != only })
	}
	pods, err := cluster.Pods(ctx, only, "")
	if err != nil {
		return err
	}
	return printSurvey(e, inject.Look(mesh.namespaces, pods, mesh.webhooks, mesh.images, e.global.istioNamespace))
}

// clusterInjection is what decides about injection in a cluster.
type clusterInjection struct {
	webhooks   []inject.Webhook
	namespaces map[string]inject.Namespace
	images     map[string]string // of proxies, by revision
}

func (e *env) injectionOf(ctx context.Context, cluster *kube.Cluster) (*clusterInjection, error) {
	set, skipped, err := cluster.List(ctx, []schema.GroupKind{istio.MutatingWebhookConfiguration, istio.Namespace}, kube.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, s := range skipped {
		return nil, s.Err
	}
	mesh := &clusterInjection{namespaces: namespacesIn(set), images: map[string]string{}}
	if mesh.webhooks, err = inject.Webhooks(set.Of(istio.MutatingWebhookConfiguration)); err != nil {
		return nil, err
	}
	for _, w := range mesh.webhooks {
		if _, known := mesh.images[w.Revision]; known {
			continue
		}
		o := inject.Options{Revision: w.Revision}
		if err := readConfigMaps(ctx, cluster, e.global.istioNamespace, configMapNames{}, &o); err != nil {
			e.warn(fmt.Sprintf("the image of revision %s is not known: %v", w.Revision, err))
			mesh.images[w.Revision] = ""
			continue
		}
		mesh.images[w.Revision] = o.Values.Image()
	}
	return mesh, nil
}

func printSurvey(e *env, s inject.Survey) error {
	namespaces := printer.Report{Data: s, Columns: []printer.Column{
		{Title: "NAMESPACE"},
		{Title: "ISTIO-INJECTION", Wide: true},
		{Title: "ISTIO.IO/REV", Wide: true},
		{Title: "ISTIO-REVISION"},
		{Title: "POD-REVISIONS"},
		{Title: "PROXY-VERSIONS"},
		{Title: "NEEDS-RESTART"},
	}}
	for _, ns := range s.Namespaces {
		namespaces.Names = append(namespaces.Names, "namespace/"+ns.Name)
		head := []string{ns.Name, ns.InjectionLabel, ns.RevisionLabel, ns.Revision}
		if len(ns.Pods) == 0 {
			namespaces.Rows = append(namespaces.Rows, append(head, "<no pods>", "", ""))
		}
		for _, pods := range ns.Pods {
			namespaces.Rows = append(namespaces.Rows, append(slices.Clip(head), podCells(pods)...))
		}
	}
	if e.global.output != printer.Table && e.global.output != printer.Wide {
		return printer.Print(e.out, e.global.output, namespaces)
	}
	if err := printer.Print(e.out, e.global.output, namespaces); err != nil {
		return err
	}
	injectors := printer.Report{Columns: printer.Columns("NAMESPACES", "INJECTOR-HOOK", "ISTIO-REVISION", "SIDECAR-IMAGE")}
	for _, i := range s.Injectors {
		served := strings.Join(i.Namespaces, ",")
		if served == "" {
			served = "DOES NOT AUTOINJECT"
		}
		injectors.Rows = append(injectors.Rows, []string{served, i.Name, i.Revision, i.Image})
	}
	fmt.Fprintln(e.out)
	return printer.Print(e.out, e.global.output, injectors)
}

func podCells(pods inject.RevisionPods) []string {
	revision := pods.Revision
	if revision == "" {
		revision = "<non-Istio>"
	}
	text := fmt.Sprintf("%s: %d", revision, pods.Count)
	if pods.Disabled > 0 {
		text += fmt.Sprintf(" (injection disabled: %d)", pods.Disabled)
	}
	var versions []string
	for _, version := range slices.Sorted(maps.Keys(pods.Proxies)) {
		versions = append(versions, fmt.Sprintf("%s: %d", version, pods.Proxies[version]))
	}
	stale := ""
	if len(pods.Stale) > 0 {
		stale = fmt.Sprint(len(pods.Stale))
	}
	return []string{text, strings.Join(versions, ", "), stale}
}
