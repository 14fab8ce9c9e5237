package inject

import (
	"fmt"
	"slices"
	"strings"

	"istio.io/api/annotation"
	"istio.io/api/label"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshctl/meshctl/internal/istio"
)

// Decision says whether a pod is injected, and why.
type Decision struct {
	Inject bool
	Reason string
	Steps  []Step // what was looked at, in order
}

// Step is one thing that was looked at on the way to a decision.
type Step struct {
	Check string `json:"check"`
	Found string `json:"found"`
}

// Course says what an injection of a pod goes by besides the pod's own
// settings: which templates, and what kind of sidecar.
func (i *Injector) Course(pod *corev1.Pod) []Step {
	var d decider
	by := "the configuration's default"
	if _, ok := pod.Annotations[annotation.InjectTemplates.Name]; ok {
		by = "annotation " + annotation.InjectTemplates.Name
	}
	d.see("templates", "%s (%s)", strings.Join(i.templateNames(pod.Annotations), ", "), by)
	by = "the configuration's default"
	if value := pod.Annotations[annotation.SidecarNativeSidecar.Name]; value == "true" || value == "false" {
		by = "annotation " + annotation.SidecarNativeSidecar.Name
	}
	d.see("native sidecar", "%t (%s)", i.native(pod.Annotations), by)
	return d.steps
}

// decider collects the steps.
type decider struct{ steps []Step }

func (d *decider) see(check, format string, args ...any) {
	d.steps = append(d.steps, Step{check, fmt.Sprintf(format, args...)})
}

func (d *decider) decide(inject bool, format string, args ...any) Decision {
	return Decision{Inject: inject, Reason: fmt.Sprintf(format, args...), Steps: d.steps}
}

// Decide says whether a pod of a namespace is to be injected.
func (i *Injector) Decide(pod *corev1.Pod, namespace string, known map[string]Namespace) Decision {
	var d decider
	d.see("host network", "%t", pod.Spec.HostNetwork)
	if pod.Spec.HostNetwork {
		return d.decide(false, "it uses the host's network, whose traffic must not be redirected")
	}
	// Pod templates have no namespace of their own; a file that puts a
	// workload into kube-system is taken at its word.
	own := pod.Namespace
	if !i.options.Explicit {
		own = namespace
	}
	d.see("namespace", "%s", orNotSet(own))
	if ignoredNamespace(own) {
		return d.decide(false, "namespace %s belongs to Kubernetes itself", own)
	}
	if !i.options.Explicit {
		if stop := i.decideByRevision(&d, pod, namespace, known); stop != nil {
			return *stop
		}
	}
	value, from := pod.Annotations[annotation.SidecarInject.Name], "annotation"
	if own, ok := pod.Labels[label.SidecarInject.Name]; ok {
		value, from = own, "label"
	}
	d.see(from+" "+label.SidecarInject.Name, "%s", orNotSet(value))
	switch value {
	case "true":
		return d.decide(true, "%s %s is true", from, label.SidecarInject.Name)
	case "false":
		return d.decide(false, "%s %s is false", from, label.SidecarInject.Name)
	}
	if i.options.Explicit {
		return d.decide(true, "nothing speaks against it")
	}
	return i.decideByConfig(&d, pod.Labels)
}

// decideByRevision looks at the labels by which the API server finds the
// webhook to ask. It gives nil if they do not speak against this injector.
func (i *Injector) decideByRevision(d *decider, pod *corev1.Pod, namespace string, known map[string]Namespace) *Decision {
	stop := func(format string, args ...any) *Decision {
		decision := d.decide(false, format, args...)
		return &decision
	}
	ns, ok := i.namespace(namespace, known)
	if !ok {
		d.see("namespace labels", "not known")
	} else {
		injection, revision := ns.Labels[istio.InjectionLabel], ns.Labels[label.IoIstioRev.Name]
		d.see("namespace label "+istio.InjectionLabel, "%s", orNotSet(injection))
		d.see("namespace label "+label.IoIstioRev.Name, "%s", orNotSet(revision))
		switch {
		case injection == istio.InjectionDisabled:
			return stop("namespace %s has the label %s=%s", namespace, istio.InjectionLabel, injection)
		case injection == "" && revision != "" && !i.answersTo(revision):
			return stop("namespace %s belongs to revision %s", namespace, revision)
		case injection != "" || revision != "":
			return nil // a pod's revision does not count in a namespace that has chosen
		}
	}
	revision := pod.Labels[label.IoIstioRev.Name]
	d.see("label "+label.IoIstioRev.Name, "%s", orNotSet(revision))
	if revision != "" && !i.answersTo(revision) {
		return stop("its label %s names revision %s", label.IoIstioRev.Name, revision)
	}
	return nil
}

// namespace is what is known of a namespace: from the same stream, else from
// the options.
func (i *Injector) namespace(name string, known map[string]Namespace) (Namespace, bool) {
	if ns, ok := known[name]; ok {
		return ns, true
	}
	ns, ok := i.options.Namespaces[name]
	return ns, ok
}

// answersTo says whether this injector's revision is known by a name.
func (i *Injector) answersTo(name string) bool {
	return name == revisionName(i.options.Revision) || slices.Contains(i.options.Tags, name)
}

// decideByConfig applies selectors and policy of the injector's configuration.
func (i *Injector) decideByConfig(d *decider, pod labels.Set) Decision {
	config := i.options.Config
	if s := matching(config.NeverInjectSelector, pod); s != "" {
		d.see("neverInjectSelector", "%s matches", s)
		return d.decide(false, "its labels match neverInjectSelector %s", s)
	}
	d.see("neverInjectSelector", "%s", noneOf(config.NeverInjectSelector))
	if s := matching(config.AlwaysInjectSelector, pod); s != "" {
		d.see("alwaysInjectSelector", "%s matches", s)
		return d.decide(true, "its labels match alwaysInjectSelector %s", s)
	}
	d.see("alwaysInjectSelector", "%s", noneOf(config.AlwaysInjectSelector))
	d.see("policy", "%s", config.Policy)
	if config.Policy == PolicyDisabled {
		return d.decide(false, "the injector's policy is disabled and nothing asks for injection")
	}
	return d.decide(true, "the injector's policy is enabled and nothing speaks against it")
}

func noneOf(selectors []metav1.LabelSelector) string {
	if len(selectors) == 0 {
		return "none in the configuration"
	}
	return fmt.Sprintf("none of %d matches", len(selectors))
}

func orNotSet(value string) string { return firstOf(value, "not set") }

// matching gives the first selector that matches, "" if none does. Empty and
// broken selectors match nothing.
func matching(selectors []metav1.LabelSelector, pod labels.Set) string {
	for at := range selectors {
		s, err := metav1.LabelSelectorAsSelector(&selectors[at])
		if err == nil && !s.Empty() && s.Matches(pod) {
			return s.String()
		}
	}
	return ""
}

// NeverInjected is the reason why no configuration would inject a pod; "" if
// there is none.
func NeverInjected(pod *corev1.Pod) string {
	switch {
	case pod.Spec.HostNetwork:
		return "it uses the host's network, whose traffic must not be redirected"
	case ignoredNamespace(pod.Namespace):
		return fmt.Sprintf("namespace %s belongs to Kubernetes itself", pod.Namespace)
	case optedOut(pod):
		return fmt.Sprintf("its label or annotation %s is false", label.SidecarInject.Name)
	}
	return ""
}
