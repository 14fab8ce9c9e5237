package main

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istiod"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// podRequest is a GET request to a port of a pod.
type podRequest struct {
	port      int
	path      string
	elsewhere bool // another pod may be the one to ask: "not found" is no failure
}

// requestsOf are the questions to an istiod, an Envoy or a ztunnel.
func (o *collectOptions) requestsOf(pod *corev1.Pod) []podRequest {
	ask := func(port int, paths ...string) []podRequest {
		requests := make([]podRequest, len(paths))
		for i, path := range paths {
			requests[i] = podRequest{port: port, path: path}
		}
		return requests
	}
	var requests []podRequest
	switch {
	case isIstiod(pod):
		requests = ask(istiod.Port, "/version", "/debug/syncz", "/debug/registryz", "/debug/configz", "/debug/endpointz", "/debug/connections", "/debug/clusterz", "/debug/mesh", "/debug/networkz", "/debug/instancesz", "/debug/telemetryz", "/debug/authorizationz")
		if !o.quick {
			requests = append(requests, ask(istiod.Port, "/debug/push_status", "/metrics")...)
		}
	case o.skipProxies:
	case pod.Labels["app"] == "ztunnel":
		requests = ask(proxyAdmin, "/config_dump")
		if !o.quick {
			requests = append(requests, ask(15020, "/metrics")...)
		}
	case hasProxy(pod):
		requests = ask(proxyAdmin, "/config_dump?include_eds", "/clusters?format=json", "/server_info", "/certs", "/listeners?format=json", "/ready")
		if !o.quick {
			requests = append(requests, ask(proxyAdmin, "/clusters", "/stats", "/stats/prometheus", "/memory", "/runtime")...)
		}
	}
	return requests
}

// proxyAdmin is the admin port of Envoy and ztunnel.
const proxyAdmin = 15000

func hasProxy(pod *corev1.Pod) bool {
	is := func(c corev1.Container) bool { return c.Name == "istio-proxy" }
	return slices.ContainsFunc(pod.Spec.Containers, is) || slices.ContainsFunc(pod.Spec.InitContainers, is)
}

func isIstiod(pod *corev1.Pod) bool { return pod.Labels["app"] == "istiod" }

// sentQuestions ask an istiod what it would send to each proxy that is picked:
// `proxy-status POD` compares that. Only the istiod that a proxy is connected to knows.
func (o *collectOptions) sentQuestions(pods []*corev1.Pod) []podRequest {
	if o.quick {
		return nil
	}
	istiods := 0
	for _, pod := range pods {
		if isIstiod(pod) && pod.Status.Phase == corev1.PodRunning {
			istiods++
		}
	}
	var questions []podRequest
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodRunning && hasProxy(pod) && pod.Labels["app"] != "ztunnel" && o.picks.Picks(podAbout(pod), "") {
			questions = append(questions, podRequest{istiod.Port, sentPath(pod), istiods > 1})
		}
	}
	return questions
}

// sentPath is istiod's page with what it would send to a proxy.
func sentPath(pod *corev1.Pod) string {
	return "/debug/config_dump?proxyID=" + url.QueryEscape(pod.Name+"."+pod.Namespace)
}

// asker puts questions to pods.
type asker struct {
	cluster   *kube.Cluster
	adminPort int // where proxies are administered
	secure    *secureControl
}

// askTasks are the questions to one pod. Their answers are kept under the usual
// ports, where readers look for them.
func (a *asker) askTasks(tunnel *kube.Tunnel, pod *corev1.Pod, questions []podRequest) []snapshot.Task {
	pages := &debugPages{tunnel: tunnel, pod: pod, secure: a.secure}
	var tasks []snapshot.Task
	for _, r := range questions {
		tasks = append(tasks, snapshot.Task{
			Path:   snapshot.AnswerPath(pod.Namespace, pod.Name, r.port, r.path),
			Source: strconv.Itoa(r.port),
			Fetch: func(ctx context.Context) (body io.ReadCloser, err error) {
				switch r.port {
				case istiod.Port:
					body, err = pages.open(ctx, r.path)
				case proxyAdmin:
					body, err = tunnel.Open(ctx, a.adminPort, r.path)
				default:
					body, err = tunnel.Open(ctx, r.port, r.path)
				}
				if r.elsewhere && notFound(err) {
					return nil, snapshot.ErrNone
				}
				return body, err
			},
		})
	}
	return tasks
}
