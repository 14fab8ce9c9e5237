package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// egress is the way of the API server into the cluster. Nothing routes cluster
// IPs and pod IPs in a lab, so the API server sends such connections (calls of
// webhooks, the service proxy) here, and egress leads them to what stands
// behind the pod. Webhook configurations work unchanged that way.
type egress struct {
	lab    *Lab
	socket string
	server *http.Server
}

// egressTimeout bounds finding and reaching a target.
const egressTimeout = 10 * time.Second

func (l *Lab) startEgress(socket string) (*egress, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listening for the API server: %w", err)
	}
	e := &egress{lab: l, socket: socket}
	e.server = &http.Server{Handler: http.HandlerFunc(e.connect)}
	go e.server.Serve(listener) // ends with close
	return e, nil
}

func (e *egress) close() { e.server.Close() }

// connect serves one CONNECT request of the API server.
func (e *egress) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT is served here", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), egressTimeout)
	defer cancel()
	target, err := e.route(ctx, r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	upstream, err := new(net.Dialer).DialContext(ctx, "tcp", target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	splice(client, upstream)
}

// splice copies both ways until one side has ended.
func splice(a, b net.Conn) {
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		go func() {
			io.Copy(pair[0], pair[1]) // how a connection ends is of no interest
			done <- struct{}{}
		}()
	}
	<-done
	a.Close()
	b.Close()
	<-done
}

// route returns where a connection to host:port has to go.
func (e *egress) route(ctx context.Context, hostPort string) (string, error) {
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() {
		if port == e.lab.kwokPort {
			return e.lab.kubelet.address, nil
		}
		return hostPort, nil
	}
	pods, err := e.lab.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for i := range pods.Items {
		if pods.Items[i].Status.PodIP == host {
			return e.lab.behind(&pods.Items[i], port)
		}
	}
	services, err := e.lab.Client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for i := range services.Items {
		if services.Items[i].Spec.ClusterIP == host {
			return e.throughService(&services.Items[i], port, pods.Items)
		}
	}
	return "", fmt.Errorf("no pod and no service of the lab has the address %s", host)
}

// throughService does what kube-proxy would do.
func (e *egress) throughService(service *corev1.Service, port int, pods []corev1.Pod) (string, error) {
	for _, p := range service.Spec.Ports {
		if int(p.Port) != port {
			continue
		}
		for i := range pods {
			if pods[i].Namespace == service.Namespace && selects(service, &pods[i]) && isReady(&pods[i]) {
				return e.lab.behind(&pods[i], targetPort(p, &pods[i]))
			}
		}
		return "", fmt.Errorf("service %s/%s has no pod that is Ready", service.Namespace, service.Name)
	}
	return "", fmt.Errorf("service %s/%s has no port %d", service.Namespace, service.Name, port)
}

func selects(service *corev1.Service, pod *corev1.Pod) bool {
	for key, value := range service.Spec.Selector {
		if pod.Labels[key] != value {
			return false
		}
	}
	return len(service.Spec.Selector) > 0
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func targetPort(p corev1.ServicePort, pod *corev1.Pod) int {
	if p.TargetPort.Type == intstr.String {
		for _, c := range pod.Spec.Containers {
			for _, named := range c.Ports {
				if named.Name == p.TargetPort.StrVal {
					return int(named.ContainerPort)
				}
			}
		}
	}
	if p.TargetPort.IntValue() != 0 {
		return p.TargetPort.IntValue()
	}
	return int(p.Port)
}
