package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

type checkInjectOptions struct {
	target string
	labels string
	files  []string
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
are given by --labels, for a pod that is yet to come; or -f names files with
workloads. If the files hold injectors (MutatingWebhookConfigurations), those and
the Namespaces in the files count, and no cluster is contacted; with --labels the
question then is about a pod with these labels, and not about the files' own.

For the injector that takes the pod the decision is followed through its
configuration: policy, selectors, host network. The exit code is 3 if several
injectors would inject a pod.`,
		Example: `  # A pod
  meshctl check-inject web-5d7f-x2x4q -n shop

  # The pods of a Deployment
  meshctl check-inject deploy/web -n shop

  # New pods of a namespace, and a pod with certain labels in it
  meshctl check-inject namespace/shop
  meshctl check-inject -n shop -l app=web,istio.io/rev=canary

  # Workloads that are yet to be deployed
  meshctl check-inject -f app.yaml

  # Without a cluster
  meshctl manifest generate > mesh.yaml
  meshctl check-inject -f mesh.yaml,namespaces.yaml -n shop -l app=web`,
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
	cmd.Flags().StringArrayVarP(&o.files, "filename", "f", nil, "`file` or directory with workloads, - for stdin (repeatable)")
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	return cmd
}

func (o *checkInjectOptions) validate() error {
	if (o.target != "") == (o.labels != "" || len(o.files) > 0) {
		return usagef("name a pod, a workload or namespace/NAME, or give --labels, or files by -f")
	}
	set, err := labels.ConvertSelectorToLabelsMap(o.labels)
	if err != nil {
		return usagef("--labels %q: %w", o.labels, err)
	}
	o.set = set
	return nil
}

// injectCheck is the answer of check-inject about one pod.
type injectCheck struct {
	Target   string           `json:"target"`
	Injected bool             `json:"injected"` // a proxy is in it already
	Inject   bool             `json:"inject"`   // it would get one now
	Notes    []string         `json:"notes"`
	Webhooks []inject.Verdict `json:"webhooks"`
	Steps    []inject.Step    `json:"steps"` // of the injector that takes the pod
}

func runCheckInject(ctx context.Context, e *env, o *checkInjectOptions) error {
	pods, mesh, err := o.look(ctx, e)
	if err != nil {
		return err
	}
	var checks []injectCheck
	several := false
	for _, pod := range pods {
		check, by := checkPod(pod, mesh.namespaces[pod.Namespace].Labels, mesh.webhooks)
		several = several || len(by) > 1
		if len(by) > 0 && check.Inject {
			mesh.follow(ctx, e, &check, pod, by[0])
		}
		checks = append(checks, check)
	}
	if err := printInjectChecks(e, checks); err != nil {
		return err
	}
	if several {
		return errFindings
	}
	return nil
}

// look gathers the pods that are meant and what decides about them.
func (o *checkInjectOptions) look(ctx context.Context, e *env) ([]*corev1.Pod, *checkMesh, error) {
	if len(o.files) > 0 {
		return o.lookInFiles(ctx, e)
	}
	mesh, err := e.checkMesh(ctx)
	if err != nil {
		return nil, nil, err
	}
	pod, err := o.pod(ctx, mesh.cluster)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := mesh.namespaces[pod.Namespace]; !ok {
		return nil, nil, fmt.Errorf("there is no namespace %s", pod.Namespace)
	}
	return []*corev1.Pod{pod}, mesh, nil
}

func (o *checkInjectOptions) lookInFiles(ctx context.Context, e *env) ([]*corev1.Pod, *checkMesh, error) {
	objects, problems, err := resource.Load(separated(o.files), e.in)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if len(problems) > 0 {
		return nil, nil, problems[0]
	}
	set := resource.NewSet(objects...)
	mesh := &checkMesh{namespaces: namespacesIn(set)}
	if mesh.webhooks, err = inject.Webhooks(objects); err != nil {
		return nil, nil, err
	}
	if len(mesh.webhooks) == 0 {
		if mesh, err = e.checkMesh(ctx); err != nil {
			return nil, nil, err
		}
	}
	namespace := e.global.kube.Namespace
	if mesh.cluster != nil {
		namespace = mesh.cluster.Namespace()
	}
	if len(o.set) > 0 { // a pod that is yet to come; the files are about what it comes into
		pod := &corev1.Pod{}
		pod.Namespace, pod.Labels = cmp.Or(namespace, corev1.NamespaceDefault), o.set
		return []*corev1.Pod{pod}, mesh, nil
	}
	pods, err := inject.PodsIn(objects)
	if err != nil {
		return nil, nil, err
	}
	for _, pod := range pods {
		pod.Namespace = cmp.Or(pod.Namespace, namespace)
	}
	if len(pods) == 0 {
		return nil, nil, fmt.Errorf("there is no workload in %s", strings.Join(o.files, ", "))
	}
	return pods, mesh, nil
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
	return podToCheck(ctx, cluster, o.target)
}
