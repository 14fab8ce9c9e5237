package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/inject"
)

type checkInjectOptions struct {
	target string
	labels string
	set    labels.Set
}

func newCheckInjectCmd(e *env, runF func(context.Context, *checkInjectOptions) error) *cobra.Command {
	o := &checkInjectOptions{}
	cmd := &cobra.Command{
		Use:     "check-inject [[TYPE/]NAME[.NAMESPACE]]",
		Short:   "Tell which injector would inject a pod, and why",
		GroupID: groupWorkloads,
		Long: `Hold the labels of a pod and of its namespace against the selectors of all
injectors. The pod is named like in other commands, as NAME, deploy/NAME or
NAME.NAMESPACE; namespace/NAME stands for a pod without labels; or the labels
are given by --labels, for a pod that is yet to come.

The exit code is 3 if several injectors would inject the pod.`,
		Example: `  # A pod
  meshctl check-inject web-5d7f-x2x4q -n shop

  # The pods of a Deployment
  meshctl check-inject deploy/web -n shop

  # New pods of a namespace, and a pod with certain labels in it
  meshctl check-inject namespace/shop
  meshctl check-inject -n shop -l app=web,istio.io/rev=canary`,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.target = strings.Join(args, "")
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runCheckInject(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVarP(&o.labels, "labels", "l", "", "`labels` of a pod, as KEY=VALUE,KEY=VALUE")
	return cmd
}

func (o *checkInjectOptions) validate() error {
	if (o.target == "") == (o.labels == "") {
		return usagef("name a pod, a workload or namespace/NAME, or give --labels")
	}
	set, err := labels.ConvertSelectorToLabelsMap(o.labels)
	if err != nil {
		return usagef("--labels %q: %w", o.labels, err)
	}
	o.set = set
	return nil
}

// injectCheck is the answer of check-inject.
type injectCheck struct {
	Target   string           `json:"target"`
	Injected bool             `json:"injected"` // a proxy is in it already
	Inject   bool             `json:"inject"`   // it would get one now
	Notes    []string         `json:"notes"`
	Webhooks []inject.Verdict `json:"webhooks"`
}

func runCheckInject(ctx context.Context, e *env, o *checkInjectOptions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	pod, err := o.pod(ctx, cluster)
	if err != nil {
		return err
	}
	set, skipped, err := cluster.List(ctx, []schema.GroupKind{webhookKind}, kube.ListOptions{})
	if err != nil {
		return err
	}
	for _, s := range skipped {
		return s.Err
	}
	webhooks, err := inject.Webhooks(set.Of(webhookKind))
	if err != nil {
		return err
	}
	namespace, err := cluster.Get(ctx, namespaceKind, "", pod.Namespace)
	if err != nil {
		return err
	}
	check := checkPod(pod, namespace.Labels, webhooks)
	if err := printInjectCheck(e, check); err != nil {
		return err
	}
	injectors := 0
	for _, v := range check.Webhooks {
		if v.Inject {
			injectors++
		}
	}
	if injectors > 1 {
		return errFindings
	}
	return nil
}

// pod is what the user means, or a pod made of what they say about it.
func (o *checkInjectOptions) pod(ctx context.Context, cluster *kube.Cluster) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	pod.Namespace, pod.Labels = cluster.Namespace(), o.set
	if o.target == "" {
		return pod, nil
	}
	for _, prefix := range []string{"namespace/", "namespaces/", "ns/"} {
		if name, ok := strings.CutPrefix(o.target, prefix); ok {
			pod.Namespace = name
			return pod, nil
		}
	}
	pods, err := cluster.ResolvePods(ctx, cluster.Namespace(), o.target)
	if err != nil {
		return nil, err
	}
	return pods[0], nil
}

func checkPod(pod *corev1.Pod, namespace map[string]string, webhooks []inject.Webhook) injectCheck {
	check := injectCheck{Target: pod.Namespace, Notes: []string{}, Webhooks: []inject.Verdict{}}
	if pod.Name != "" {
		check.Target += "/" + pod.Name
	}
	note := func(format string, args ...any) { check.Notes = append(check.Notes, fmt.Sprintf(format, args...)) }
	var by []string
	for _, w := range webhooks {
		v := w.Verdict(namespace, pod.Labels)
		check.Webhooks = append(check.Webhooks, v)
		if v.Inject {
			by = append(by, v.Webhook)
		}
	}
	check.Inject = len(by) > 0
	if len(by) > 1 {
		note("several injectors would inject it (%s); only one may: check the labels of namespace and pod", strings.Join(by, ", "))
	}
	if reason := inject.NeverInjected(pod); reason != "" {
		check.Inject = false
		note("%s", reason)
	}
	if len(webhooks) == 0 {
		note("there is no injector in this cluster; see `meshctl install` and `meshctl tag list`")
	}
	if status, ok := inject.StatusOf(pod.Annotations); ok {
		check.Injected = true
		note("it has been injected for revision %s", status.Revision)
	} else if pod.Name != "" && check.Inject {
		note("it has no proxy yet: it was created before injection was turned on; restart it")
	}
	return check
}

func printInjectCheck(e *env, check injectCheck) error {
	report := printer.Report{Columns: printer.Columns("WEBHOOK", "REVISION", "INJECTED", "REASON"), Data: check}
	for _, v := range check.Webhooks {
		injects := "no"
		if v.Inject {
			injects = "yes"
		}
		report.Rows = append(report.Rows, []string{v.Webhook, v.Revision, injects, v.Reason})
		report.Names = append(report.Names, v.Webhook)
	}
	if err := printer.Print(e.out, e.global.output, report); err != nil {
		return err
	}
	if e.global.output == printer.Table || e.global.output == printer.Wide {
		for _, note := range check.Notes {
			fmt.Fprintln(e.out, check.Target+": "+note)
		}
	}
	return nil
}
