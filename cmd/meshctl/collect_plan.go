package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// collectPlan is what a snapshot will hold.
type collectPlan struct {
	objects  []snapshot.ObjectTask
	groups   []snapshot.Group
	failures map[string]error
}

// plan lists the kinds to collect, and the pods to ask.
func (o *collectOptions) plan(ctx context.Context, e *env, cluster *kube.Cluster) (*collectPlan, error) {
	kinds, err := cluster.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	p := &collectPlan{failures: map[string]error{}}
	for _, k := range kinds {
		if options, wanted := collected(k, e.global.istioNamespace); wanted {
			p.objects = append(p.objects, objectTask(cluster, k, options))
		}
	}
	pods, err := e.podsAnywhere(cluster).Pods(ctx, "", "")
	if err != nil {
		return nil, err
	}
	asker := asker{cluster: cluster, adminPort: e.adminPort(), secure: &secureControl{cluster: cluster, namespace: e.global.istioNamespace}}
	sent := o.sentQuestions(pods)
	for _, pod := range pods {
		if group := o.podGroup(&asker, pod, e.global.istioNamespace, sent); len(group.Tasks) > 0 {
			p.groups = append(p.groups, group)
		}
	}
	return p, nil
}

// collected says whether a kind belongs into a snapshot, and which of its objects.
func collected(k kube.Kind, istioNamespace string) (kube.ListOptions, bool) {
	if !slices.Contains(k.Verbs, "list") {
		return kube.ListOptions{}, false
	}
	switch {
	case k.Group == "" && k.Kind == "ConfigMap":
		// Configuration of applications is none of the mesh's business.
		return kube.ListOptions{Namespace: istioNamespace}, true
	case k.Group == "" && k.Kind == "Secret":
		return kube.ListOptions{FieldSelector: "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=kubernetes.io/dockerconfigjson"}, true
	case strings.HasSuffix(k.Group, ".istio.io"), strings.HasSuffix(k.Group, "gateway.networking.k8s.io"), strings.HasSuffix(k.Group, "gateway.networking.x-k8s.io"):
		return kube.ListOptions{}, true
	}
	return kube.ListOptions{}, slices.Contains(collectedKinds()[k.Group], k.Kind)
}

// collectedKinds are the kinds beside Istio's own and Gateway API's that tell
// something of a mesh.
func collectedKinds() map[string][]string {
	return map[string][]string{
		"":                             {"Namespace", "Node", "Pod", "Service", "ServiceAccount", "Endpoints", "Event"},
		"apps":                         {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"},
		"batch":                        {"Job", "CronJob"},
		"autoscaling":                  {"HorizontalPodAutoscaler"},
		"policy":                       {"PodDisruptionBudget"},
		"discovery.k8s.io":             {"EndpointSlice"},
		"networking.k8s.io":            {"Ingress", "IngressClass", "NetworkPolicy"},
		"admissionregistration.k8s.io": {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"},
		"apiextensions.k8s.io":         {"CustomResourceDefinition"},
		"multicluster.x-k8s.io":        {"ServiceExport", "ServiceImport"},
	}
}

func objectTask(cluster *kube.Cluster, k kube.Kind, o kube.ListOptions) snapshot.ObjectTask {
	return snapshot.ObjectTask{
		Kind: snapshot.Kind{Group: k.Group, Version: k.Version, Kind: k.Kind, Resource: k.Resource, Names: k.Names, Namespaced: k.Namespaced},
		Each: func(ctx context.Context, each func(*resource.Object) error) error {
			seen := map[resource.Key]bool{} // a list that starts again shows objects twice
			return cluster.Each(ctx, k.GroupKind, o, func(object *resource.Object) error {
				if seen[object.Key] || k.Kind == "CustomResourceDefinition" && !isMeshCRD(object.Name) {
					return nil
				}
				seen[object.Key] = true
				return each(object)
			})
		},
	}
}

func isMeshCRD(name string) bool {
	return strings.HasSuffix(name, ".istio.io") || strings.HasSuffix(name, "gateway.networking.k8s.io") || strings.HasSuffix(name, "x-k8s.io")
}

// podGroup lists what is asked of a pod: nothing of one that is no part of the
// mesh or does not run.
func (o *collectOptions) podGroup(a *asker, pod *corev1.Pod, istioNamespace string, sent []podRequest) snapshot.Group {
	about := podAbout(pod)
	group := snapshot.Group{What: fmt.Sprintf("pod %s/%s", pod.Namespace, pod.Name)}
	if !o.picks.Picks(about, "") {
		return group
	}
	tunnel := a.cluster.Tunnel(pod.Namespace, pod.Name)
	group.Close = tunnel.Close
	if pod.Status.Phase == corev1.PodRunning {
		questions := o.requestsOf(pod)
		if isIstiod(pod) {
			questions = append(questions, sent...)
		}
		group.Tasks = a.askTasks(tunnel, pod, questions)
	}
	if !o.quick && (len(group.Tasks) > 0 || pod.Namespace == istioNamespace) {
		group.Tasks = append(group.Tasks, o.logTasks(a.cluster, pod, about, istioNamespace)...)
	}
	return group
}

// podAbout is what filters look at.
func podAbout(pod *corev1.Pod) snapshot.Pod {
	return snapshot.Pod{Namespace: pod.Namespace, Deployment: workloadOf(pod), Name: pod.Name, Labels: pod.Labels, Annotations: pod.Annotations}
}

// workloadOf is the name of the Deployment behind a pod's ReplicaSet, whose name
// is the Deployment's with the hash of the template; of other owners it is their own.
func workloadOf(pod *corev1.Pod) string {
	if len(pod.OwnerReferences) == 0 {
		return ""
	}
	return strings.TrimSuffix(pod.OwnerReferences[0].Name, "-"+pod.Labels["pod-template-hash"])
}
