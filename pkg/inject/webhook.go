package inject

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"istio.io/api/label"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// tagLabel marks the webhooks of revision tags with the tag's name.
const tagLabel = "istio.io/tag"

// Webhook is an injector as the API server knows it: the
// MutatingWebhookConfiguration of a revision or of a tag.
type Webhook struct {
	Name     string
	Revision string
	Tag      string // "" for the revision's own

	hooks []admissionv1.MutatingWebhook
}

// Webhooks picks the injectors out of objects, sorted by name.
func Webhooks(objects []*resource.Object) ([]Webhook, error) {
	var found []Webhook
	for _, o := range objects {
		if o.Kind != "MutatingWebhookConfiguration" {
			continue
		}
		config, err := resource.As[admissionv1.MutatingWebhookConfiguration](o)
		if err != nil {
			return nil, err
		}
		w := Webhook{Name: o.Name, Revision: revisionName(o.Labels[label.IoIstioRev.Name]), Tag: o.Labels[tagLabel]}
		for _, hook := range config.Webhooks {
			if strings.HasSuffix(hook.Name, "sidecar-injector.istio.io") {
				w.hooks = append(w.hooks, hook)
			}
		}
		if len(w.hooks) > 0 {
			found = append(found, w)
		}
	}
	slices.SortFunc(found, func(a, b Webhook) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// ForRevision finds the injector that a name of a revision or tag means.
func ForRevision(webhooks []Webhook, name string) (Webhook, bool) {
	for _, w := range webhooks {
		if w.Tag == name {
			return w, true
		}
	}
	for _, w := range webhooks {
		if w.Tag == "" && w.Revision == revisionName(name) {
			return w, true
		}
	}
	return Webhook{}, false
}

// Tags are the tags that point at a revision.
func Tags(webhooks []Webhook, revision string) []string {
	var tags []string
	for _, w := range webhooks {
		if w.Tag != "" && w.Revision == revisionName(revision) {
			tags = append(tags, w.Tag)
		}
	}
	return tags
}

// Path is where the API server sends pods to; it may carry the cluster and
// network that injection is to write ("/inject/cluster/c1/net/n1").
func (w Webhook) Path() string {
	for _, hook := range w.hooks {
		switch {
		case hook.ClientConfig.URL != nil:
			_, rest, _ := strings.Cut(*hook.ClientConfig.URL, "://")
			_, path, _ := strings.Cut(rest, "/")
			return "/" + path
		case hook.ClientConfig.Service != nil && hook.ClientConfig.Service.Path != nil:
			return *hook.ClientConfig.Service.Path
		}
	}
	return ""
}

// PathSettings reads cluster and network out of a webhook's path.
func PathSettings(path string) (cluster, network string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for at := 1; at+1 < len(parts); at += 2 {
		value := strings.ReplaceAll(parts[at+1], "--slash--", "/")
		switch parts[at] {
		case "cluster":
			cluster = value
		case "net":
			network = value
		}
	}
	return cluster, network
}

// Verdict says whether the API server shows a pod to an injector.
type Verdict struct {
	Webhook  string `json:"webhook"`
	Revision string `json:"revision"`
	Tag      string `json:"tag,omitempty"`
	Inject   bool   `json:"inject"`
	Reason   string `json:"reason"`
}

// Verdict looks at the labels of a namespace and of a pod in it.
func (w Webhook) Verdict(namespace, pod map[string]string) Verdict {
	v := Verdict{Webhook: w.Name, Revision: w.Revision, Tag: w.Tag}
	for _, hook := range w.hooks {
		if matches(hook.NamespaceSelector, namespace) && matches(hook.ObjectSelector, pod) {
			v.Inject, v.Reason = true, matchReason(hook, namespace, pod)
			return v
		}
	}
	v.Reason = w.obstacle(namespace, pod)
	return v
}

func matches(selector *metav1.LabelSelector, set map[string]string) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}

// matchReason names the labels that a webhook has asked for.
func matchReason(hook admissionv1.MutatingWebhook, namespace, pod map[string]string) string {
	var reasons []string
	if text := wantedLabel(hook.NamespaceSelector, namespace); text != "" {
		reasons = append(reasons, "namespace label "+text)
	}
	if text := wantedLabel(hook.ObjectSelector, pod); text != "" {
		reasons = append(reasons, "pod label "+text)
	}
	if len(reasons) == 0 {
		return "it injects everything that does not opt out"
	}
	if len(reasons) == 1 {
		return reasons[0] + " asks for it"
	}
	return strings.Join(reasons, " and ") + " ask for it"
}

// wantedLabel is the label by which a selector says "in".
func wantedLabel(selector *metav1.LabelSelector, set map[string]string) string {
	if selector == nil {
		return ""
	}
	if len(selector.MatchLabels) > 0 {
		return labels.FormatLabels(selector.MatchLabels)
	}
	for _, e := range selector.MatchExpressions {
		if value, ok := set[e.Key]; ok && e.Operator == metav1.LabelSelectorOpIn {
			return e.Key + "=" + value
		}
	}
	return ""
}

// obstacle says why no webhook of an injector takes a pod.
func (w Webhook) obstacle(namespace, pod map[string]string) string {
	if value := namespace[istio.InjectionLabel]; value != "" && value != istio.InjectionEnabled {
		return fmt.Sprintf("namespace label %s=%s turns injection off", istio.InjectionLabel, value)
	}
	for _, hook := range w.hooks {
		if hook.ObjectSelector == nil || !matches(hook.NamespaceSelector, namespace) {
			continue
		}
		for _, e := range hook.ObjectSelector.MatchExpressions {
			if value, ok := pod[e.Key]; ok && e.Operator == metav1.LabelSelectorOpNotIn && slices.Contains(e.Values, value) {
				return fmt.Sprintf("pod label %s=%s turns injection off", e.Key, value)
			}
		}
	}
	var asks []string
	for _, hook := range w.hooks {
		for _, side := range []struct {
			what     string
			selector *metav1.LabelSelector
		}{{"namespace", hook.NamespaceSelector}, {"pod", hook.ObjectSelector}} {
			if side.selector == nil {
				continue
			}
			for _, e := range side.selector.MatchExpressions {
				if e.Operator == metav1.LabelSelectorOpIn {
					asks = append(asks, fmt.Sprintf("%s label %s=%s", side.what, e.Key, strings.Join(e.Values, "|")))
				}
			}
		}
	}
	if len(asks) == 0 {
		return "it has been deactivated: its selectors match nothing"
	}
	if revision := namespace[label.IoIstioRev.Name]; revision != "" {
		return fmt.Sprintf("the namespace belongs to revision or tag %s", revision)
	}
	if revision := pod[label.IoIstioRev.Name]; revision != "" {
		return fmt.Sprintf("the pod asks for revision or tag %s", revision)
	}
	slices.Sort(asks)
	return "nothing asks for it: it wants " + strings.Join(slices.Compact(asks), " or ")
}
