package dashboard

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
)

// Pods lists the pods that a label selector picks, those that are ready
// first. Namespace "" is wherever the caller may look.
type Pods interface {
	Pods(ctx context.Context, namespace, selector string) ([]*corev1.Pod, error)
}

// Found is a dashboard that runs in the cluster.
type Found struct {
	Dashboard string `json:"dashboard"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"` // the best of its pods
	Port      int    `json:"port"`
	Ready     bool   `json:"ready"`
	Selector  string `json:"selector"` // picks this installation's pods and no other's

	// Credentials names the Secret with user and password, if there is one.
	Credentials *Credentials `json:"credentials,omitempty"`
}

// Find looks for a dashboard by all its selectors. Each installation is found
// once, sorted by namespace and name; pods of one installation are replicas.
func Find(ctx context.Context, pods Pods, d Dashboard, namespace string) ([]Found, error) {
	selectors := slices.Concat(d.Selectors, d.IfDeclared)
	lists := make([][]*corev1.Pod, len(selectors))
	work, workCtx := errgroup.WithContext(ctx)
	for i, selector := range selectors {
		work.Go(func() (err error) {
			lists[i], err = pods.Pods(workCtx, namespace, selector)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	known := map[string]bool{} // pods that an earlier selector has found
	var found []Found
	for i, list := range lists {
		installations := map[string]bool{}
		for _, pod := range list {
			key := pod.Namespace + "/" + pod.Name
			if known[key] || i >= len(d.Selectors) && !declares(pod, d.Port) {
				continue
			}
			known[key] = true
			selector := narrowed(selectors[i], pod)
			if id := pod.Namespace + " " + selector; installations[id] {
				continue
			} else {
				installations[id] = true
			}
			found = append(found, Found{
				Dashboard:   d.Name,
				Namespace:   pod.Namespace,
				Pod:         pod.Name,
				Port:        PortOf(pod, d.Port),
				Ready:       ready(pod),
				Selector:    selector,
				Credentials: credentials(pod, d),
			})
		}
	}
	slices.SortFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Pod, b.Pod))
	})
	return found, nil
}

// narrowed adds the labels that tell apart two installations in a namespace.
func narrowed(selector string, pod *corev1.Pod) string {
	for _, label := range []string{"app.kubernetes.io/instance", "release", "prometheus"} {
		if value := pod.Labels[label]; value != "" {
			return selector + "," + label + "=" + value
		}
	}
	return selector
}

func ready(pod *corev1.Pod) bool {
	if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
		return false
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// PortOf is the container port of a pod's web interface: the usual one if the
// pod declares it or declares none, else one with a name that web interfaces
// have, else the usual one all the same.
func PortOf(pod *corev1.Pod, usual int) int {
	var declared []corev1.ContainerPort
	for _, c := range pod.Spec.Containers {
		if c.Name != "istio-proxy" {
			declared = append(declared, c.Ports...)
		}
	}
	if declares(pod, usual) {
		return usual
	}
	for _, name := range []string{"http-web", "http-ui", "web", "ui", "query", "grafana", "service", "http", "https", "api-port"} {
		for _, p := range declared {
			if p.Name == name {
				return int(p.ContainerPort)
			}
		}
	}
	return usual
}

// declares reports that a container of the pod, other than the sidecar, has a port.
func declares(pod *corev1.Pod, port int) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return c.Name != "istio-proxy" && slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return int(p.ContainerPort) == port })
	})
}

// NamedPort is the container port behind a Service's target port, which is a
// number or a name; 0 if the pod has no port of that name.
func NamedPort(pod *corev1.Pod, number int, name string) int {
	if name == "" {
		return number
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == name {
				return int(p.ContainerPort)
			}
		}
	}
	return 0
}
