package inject

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"istio.io/api/annotation"
	"istio.io/api/label"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istio"
)

// Survey is who injects what in a cluster, and which pods are behind.
type Survey struct {
	Namespaces []NamespaceSurvey `json:"namespaces"`
	Injectors  []InjectorSurvey  `json:"injectors"`
}

// NamespaceSurvey is one namespace.
type NamespaceSurvey struct {
	Name           string `json:"name"`
	InjectionLabel string `json:"injectionLabel,omitempty"` // istio-injection
	RevisionLabel  string `json:"revisionLabel,omitempty"`  // istio.io/rev
	// Revision is what new pods get; "" for none, "MISSING/x" if the label
	// names a revision or tag that no injector answers to.
	Revision string         `json:"revision"`
	Pods     []RevisionPods `json:"pods"`
}

// RevisionPods are a namespace's pods by the revision they were injected for.
type RevisionPods struct {
	Revision string         `json:"revision"` // "" for pods without proxy
	Count    int            `json:"count"`
	Disabled int            `json:"injectionDisabled"` // of these, opted out by themselves
	Proxies  map[string]int `json:"proxyVersions"`     // image tags of the proxies
	Stale    []string       `json:"needsRestart"`      // pods that would be injected otherwise now
}

// InjectorSurvey is one injector.
type InjectorSurvey struct {
	Name       string   `json:"name"`
	Revision   string   `json:"revision"`
	Tag        string   `json:"tag,omitempty"`
	Image      string   `json:"image"` // that it injects; "" if not known
	Namespaces []string `json:"namespaces"`
}

// Look surveys a cluster. images are the proxy images by revision. Kubernetes'
// own namespaces and the control plane's are left out.
func Look(namespaces map[string]Namespace, pods []*corev1.Pod, webhooks []Webhook, images map[string]string, system string) Survey {
	survey := Survey{Namespaces: []NamespaceSurvey{}, Injectors: []InjectorSurvey{}}
	byNamespace := map[string][]*corev1.Pod{}
	for _, pod := range pods {
		byNamespace[pod.Namespace] = append(byNamespace[pod.Namespace], pod)
	}
	injects := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(namespaces)) {
		if ignoredNamespace(name) || name == system {
			continue
		}
		ns := namespaces[name]
		row := NamespaceSurvey{Name: name, InjectionLabel: ns.Labels[istio.InjectionLabel], RevisionLabel: ns.Labels[label.IoIstioRev.Name]}
		row.Revision = missing(ns.Labels)
		for _, w := range webhooks {
			if w.Verdict(ns.Labels, nil).Inject {
				row.Revision = w.Revision
				injects[w.Name] = append(injects[w.Name], name)
			}
		}
		row.Pods = podsByRevision(ns, byNamespace[name], webhooks, images)
		survey.Namespaces = append(survey.Namespaces, row)
	}
	for _, w := range webhooks {
		names := injects[w.Name]
		if names == nil {
			names = []string{}
		}
		survey.Injectors = append(survey.Injectors, InjectorSurvey{
			Name: w.Name, Revision: w.Revision, Tag: w.Tag, Image: images[w.Revision], Namespaces: names,
		})
	}
	return survey
}

// missing names what a namespace asks for, to be shown if nobody answers.
func missing(labels map[string]string) string {
	switch injection, revision := labels[istio.InjectionLabel], labels[label.IoIstioRev.Name]; {
	case injection == istio.InjectionEnabled:
		return "MISSING/" + istio.InjectionLabel
	case injection == "" && revision != "":
		return "MISSING/" + revision
	}
	return ""
}

func podsByRevision(ns Namespace, pods []*corev1.Pod, webhooks []Webhook, images map[string]string) []RevisionPods {
	found := map[string]*RevisionPods{}
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		status, _ := StatusOf(pod.Annotations)
		row := found[status.Revision]
		if row == nil {
			row = &RevisionPods{Revision: status.Revision, Proxies: map[string]int{}, Stale: []string{}}
			found[status.Revision] = row
		}
		row.Count++
		if optedOut(pod) {
			row.Disabled++
		}
		if proxy := findProxy(pod); proxy != nil && status.Revision != "" {
			tag := tagOf(proxy.Image)
			row.Proxies[tag]++
		}
		if Stale(pod, ns, webhooks, images) {
			row.Stale = append(row.Stale, pod.Name)
		}
	}
	rows := make([]RevisionPods, 0, len(found))
	for _, row := range found {
		slices.Sort(row.Stale)
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b RevisionPods) int { return cmp.Compare(a.Revision, b.Revision) })
	return rows
}

func optedOut(pod *corev1.Pod) bool {
	value := pod.Annotations[annotation.SidecarInject.Name]
	if own, ok := pod.Labels[label.SidecarInject.Name]; ok {
		value = own
	}
	return strings.EqualFold(value, "false")
}

// Stale says whether a pod would be injected otherwise if it were created now:
// for another revision, with another image, or not at all.
func Stale(pod *corev1.Pod, ns Namespace, webhooks []Webhook, images map[string]string) bool {
	if pod.Spec.HostNetwork || optedOut(pod) {
		return false
	}
	status, injected := StatusOf(pod.Annotations)
	for _, w := range webhooks {
		if !w.Verdict(ns.Labels, pod.Labels).Inject {
			continue
		}
		if !injected || status.Revision != w.Revision {
			return true
		}
		proxy, image := findProxy(pod), images[w.Revision]
		if proxy == nil || image == "" {
			return false
		}
		// A pod may have chosen another image type or registry; its version counts.
		has := tagOf(proxy.Image)
		gets := tagOf(image)
		return plainTag(has) != plainTag(gets)
	}
	return injected
}

// tagOf is the tag in a reference to an image; of a digest alone it is empty.
func tagOf(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		return name[colon+1:]
	}
	return ""
}

func plainTag(tag string) string { return tagOfType(tag, imageDefault) }

// Image is the proxy image that these values inject.
func (v *Values) Image() string { return v.proxyImage("", nil) }
