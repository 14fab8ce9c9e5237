package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"istio.io/api/label"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/inject"
)

// checkMesh is what decides about injection. cluster is nil for files.
type checkMesh struct {
	cluster    *kube.Cluster
	webhooks   []inject.Webhook
	namespaces map[string]inject.Namespace
}

func (e *env) checkMesh(ctx context.Context) (*checkMesh, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	set, skipped, err := cluster.List(ctx, []schema.GroupKind{istio.MutatingWebhookConfiguration, istio.Namespace}, kube.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, s := range skipped {
		return nil, s.Err
	}
	mesh := &checkMesh{cluster: cluster, namespaces: namespacesIn(set)}
	mesh.webhooks, err = inject.Webhooks(set.Of(istio.MutatingWebhookConfiguration))
	return mesh, err
}

// follow follows the decision inside the injector that takes the pod.
func (m *checkMesh) follow(ctx context.Context, e *env, check *injectCheck, pod *corev1.Pod, by inject.Verdict) {
	if m.cluster == nil {
		return
	}
	options := inject.Options{Revision: by.Revision, Tags: inject.Tags(m.webhooks, by.Revision), Namespaces: m.namespaces}
	options.NativeSidecars = m.native(ctx, e, by.Revision)
	err := readConfigMaps(ctx, m.cluster, e.global.istioNamespace, configMapNames{}, &options)
	var injector *inject.Injector
	if err == nil {
		injector, err = inject.New(options)
	}
	if err != nil {
		e.warn(fmt.Sprintf("the configuration of %s is not known: %v", by.Webhook, err))
		return
	}
	decision := injector.Decide(pod, pod.Namespace, nil)
	check.Inject, check.Steps = decision.Inject, decision.Steps
	if decision.Inject {
		check.Steps = append(check.Steps, injector.Course(pod)...)
	} else {
		check.Notes = append(check.Notes, by.Webhook+" lets it pass: "+decision.Reason)
	}
}

// native says whether the injector of a revision makes native sidecars.
func (m *checkMesh) native(ctx context.Context, e *env, revision string) bool {
	set, skipped, err := m.cluster.List(ctx, []schema.GroupKind{istio.Node}, kube.ListOptions{})
	if err != nil {
		return false // the ConfigMaps, which are read next, will not be there either
	}
	e.tellSkipped(skipped)
	return e.istiodSettings(ctx, m.cluster, revision).Native(kubeletVersions(set))
}

// checkPod holds a pod against all injectors; those that take it come second.
func checkPod(pod *corev1.Pod, namespace map[string]string, webhooks []inject.Webhook) (injectCheck, []inject.Verdict) {
	check := injectCheck{Target: pod.Namespace, Notes: []string{}, Webhooks: []inject.Verdict{}, Steps: []inject.Step{}}
	if name := cmp.Or(pod.Name, pod.GenerateName); name != "" {
		check.Target += "/" + name
	}
	note := func(format string, args ...any) { check.Notes = append(check.Notes, fmt.Sprintf(format, args...)) }
	var by []inject.Verdict
	var names []string
	for _, w := range webhooks {
		v := w.Verdict(namespace, pod.Labels)
		check.Webhooks = append(check.Webhooks, v)
		if v.Inject {
			by, names = append(by, v), append(names, v.Webhook)
		}
	}
	check.Inject = len(by) > 0
	if len(by) > 1 {
		note("several injectors would inject it (%s); only one may: check the labels of namespace and pod", strings.Join(names, ", "))
	}
	if injection, revision := namespace[istio.InjectionLabel], namespace[label.IoIstioRev.Name]; injection != "" && revision != "" {
		note("the namespace has both %s=%s and %s=%s, of which only the first counts", istio.InjectionLabel, injection, label.IoIstioRev.Name, revision)
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
	} else if pod.Status.Phase != "" && check.Inject {
		note("it has no proxy yet: it was created before injection was turned on; restart it")
	}
	return check, by
}

// verdict is the answer in words.
func (c injectCheck) verdict() string {
	if c.Inject {
		return "would be injected"
	}
	return "would not be injected"
}

func printInjectChecks(e *env, checks []injectCheck) error {
	if e.global.output != printer.Table && e.global.output != printer.Wide {
		report := printer.Report{Data: checks}
		if len(checks) == 1 {
			report.Data = checks[0]
		}
		for _, check := range checks {
			if check.Inject {
				report.Names = append(report.Names, check.Target)
			}
		}
		return printer.Print(e.out, e.global.output, report)
	}
	for i, check := range checks {
		if i > 0 {
			fmt.Fprintln(e.out)
		}
		report := printer.Report{Columns: printer.Columns("WEBHOOK", "REVISION", "INJECTED", "REASON")}
		for _, v := range check.Webhooks {
			injects := "no"
			if v.Inject {
				injects = "yes"
			}
			report.Rows = append(report.Rows, []string{v.Webhook, v.Revision, injects, v.Reason})
		}
		if err := printer.Print(e.out, e.global.output, report); err != nil {
			return err
		}
		for _, note := range check.Notes {
			fmt.Fprintln(e.out, check.Target+": "+note)
		}
		if e.global.output == printer.Wide {
			for _, step := range check.Steps {
				fmt.Fprintf(e.out, "%s: %s: %s\n", check.Target, step.Check, step.Found)
			}
		}
		fmt.Fprintln(e.out, check.Target+": "+check.verdict())
	}
	return nil
}
