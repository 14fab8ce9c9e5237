package lab

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/test/lab/podenv"
)

// istiod is a real istiod process that stands for an istiod pod.
type istiod struct {
	component *Component
	listeners map[int]*int // the port that istiod has in a cluster → the one that it has here
}

// runIstiod starts istiod as the pod describes it: with its environment, its
// arguments and the rights of its service account.
func (r *Runtime) runIstiod(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (work, error) {
	l := r.lab
	token, err := l.podToken(ctx, pod)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := l.writeKubeconfig(pod.Name+".kubeconfig", l.apiURL(), "istiod", token)
	if err != nil {
		return nil, err
	}
	env := podenv.Of(pod, container)
	env["KUBECONFIG"] = kubeconfig
	// No folder with a plugged-in CA: istiod makes one and keeps it in a Secret.
	env["ROOT_CA_DIR"] = "/nonexistent"

	i := &istiod{listeners: map[int]*int{}}
	for _, port := range []int{15010, 15012, 8080, 15017, 15014, 9876} {
		i.listeners[port] = new(int)
	}
	i.component = &Component{lab: l, name: pod.Name, grace: shortGrace, log: l.containerLog(pod.Namespace, pod.Name, container.Name), launch: func() (launch, error) {
		if err := l.ports.fill(slices.Collect(maps.Values(i.listeners))...); err != nil {
			return launch{}, err
		}
		// Of a flag that is given twice the last one counts.
		args := append(podenv.Args(container, env),
			"--kubeconfig="+kubeconfig,
			"--grpcAddr="+i.at(15010), "--secureGRPCAddr="+i.at(15012), "--httpAddr="+i.at(8080),
			"--httpsAddr="+i.at(15017), "--monitoringAddr="+i.at(15014),
			"--ctrlz_address="+loopback, fmt.Sprintf("--ctrlz_port=%d", *i.listeners[9876]))
		return launch{
			binary: l.tools.Path("pilot-discovery"),
			args:   args,
			env:    environ(env),
			ready:  answersOK(http.DefaultClient, "http://"+i.at(8080)+"/ready"),
		}, nil
	}}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := i.component.Start(ctx); err != nil {
		return nil, err
	}
	return i, nil
}

func (i *istiod) at(port int) string { return address(*i.listeners[port]) }

func (i *istiod) ports() map[int]string {
	ports := map[int]string{}
	for port := range i.listeners {
		ports[port] = i.at(port)
	}
	return ports
}

func (i *istiod) logs() (string, bool) { return istiodContainer, true }

func (i *istiod) close() { i.component.Stop() }

// Istiod returns the process that stands for an istiod pod, so that a test can
// stop, freeze or restart it; nil if there is none.
func (r *Runtime) Istiod(namespace, pod string) *Component {
	if i, ok := r.find(namespace, pod).(*istiod); ok {
		return i.component
	}
	return nil
}

// environ turns a map into the form that programs are started with.
func environ(env map[string]string) []string {
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
