package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

// explainReports prints how the decision about each workload came about.
func explainReports(e *env, format reportFormat, reports []inject.Report) error {
	if format == reportJSON {
		if err := printer.PrintJSON(e.out, reports); err != nil {
			return err
		}
		return failuresOf(e, format, reports, "")
	}
	for _, r := range reports {
		if r.Outcome == inject.Foreign || r.Err != nil {
			continue
		}
		fmt.Fprintf(e.out, "%s: %s\n", r.Place(), r.Object())
		printSteps(e.out, r.Steps)
		fmt.Fprintf(e.out, "  => %s: %s\n", r.Outcome, r.Reason)
	}
	return failuresOf(e, format, reports, "")
}

func printSteps(out io.Writer, steps []inject.Step) {
	for _, step := range steps {
		fmt.Fprintf(out, "  %s: %s\n", step.Check, step.Found)
	}
}

// explainTarget explains what would become of a pod in the cluster, or of the
// pods of a workload, if it were made now: first by which webhook it would be
// seen, then what that one's injector decides.
func explainTarget(ctx context.Context, e *env, o *injectOptions) error {
	mesh, err := e.checkMesh(ctx)
	if err != nil {
		return err
	}
	pod, err := podToCheck(ctx, mesh.cluster, o.target)
	if err != nil {
		return err
	}
	check, by := checkPod(pod, mesh.namespaces[pod.Namespace].Labels, mesh.webhooks)
	if len(by) > 0 && check.Inject {
		mesh.follow(ctx, e, &check, pod, by[0])
	}
	if o.report == reportJSON {
		return printer.PrintJSON(e.out, check)
	}
	fmt.Fprintf(e.out, "%s: Pod %s\n", cmp.Or(mesh.cluster.Context(), "cluster"), check.Target)
	for _, v := range check.Webhooks {
		takes := "does not see it"
		if v.Inject {
			takes = "sees it"
		}
		fmt.Fprintf(e.out, "  webhook %s %s: %s\n", v.Webhook, takes, v.Reason)
	}
	printSteps(e.out, check.Steps)
	for _, note := range check.Notes {
		fmt.Fprintf(e.out, "  note: %s\n", note)
	}
	verdict := check.verdict()
	if check.Inject && len(by) > 0 {
		verdict += " by revision " + by[0].Revision
	}
	fmt.Fprintf(e.out, "  => %s\n", verdict)
	return nil
}

// podToCheck is the pod that a user means, or the one that a workload without
// pods would have.
func podToCheck(ctx context.Context, cluster *kube.Cluster, target string) (*corev1.Pod, error) {
	pods, err := cluster.ResolvePods(ctx, cluster.Namespace(), target)
	var none kube.NoPodsError
	if errors.As(err, &none) {
		workload, lookup := cluster.Workload(ctx, cluster.Namespace(), target)
		if lookup != nil {
			return nil, err
		}
		if pods, lookup = inject.PodsIn([]*resource.Object{workload}); lookup != nil || len(pods) == 0 {
			return nil, err
		}
		return pods[0], nil
	}
	if err != nil {
		return nil, err
	}
	return pods[0], nil
}
