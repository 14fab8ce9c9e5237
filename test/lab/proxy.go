package lab

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab/envoy"
	"github.com/meshctl/meshctl/test/lab/podenv"
)

// istioVersion is the version that proxies of the lab report to istiod.
const istioVersion = "1.31.1"

// sidecar is an Envoy that stands for a pod's istio-proxy container.
type sidecar struct {
	*envoy.Proxy
	real *Component // nil for a simulation
}

// runProxy starts the Envoy of a sidecar, gateway or waypoint, connected to the
// istiod that its pod names, and waits until its configuration is complete.
func (r *Runtime) runProxy(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (work, error) {
	env := podenv.Of(pod, container)
	if args := podenv.Args(container, env); len(args) > 1 && args[1] == "ztunnel" {
		return r.runZTunnel(ctx, pod, env)
	}
	node, err := envoy.Node(pod, container, istioVersion)
	if err != nil {
		return nil, err
	}
	bootstrap, err := envoy.Bootstrap(node, env)
	if err != nil {
		return nil, err
	}
	authority, err := r.authority(ctx, pod, envoy.Discovery(node), node.GetMetadata().GetFields()["CLUSTER_ID"].GetStringValue())
	if err != nil {
		return nil, err
	}
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	secrets, err := authority.Certify(start, spiffe(pod, env), false)
	if err != nil {
		return nil, err
	}
	config := envoy.Config{
		Bootstrap: bootstrap, Dial: authority.Dial, TLS: authority.TLS, Headers: authority.Headers,
		Secrets: secrets, AdminAddress: address(0),
	}
	if r.lab.EnvoyBinary != "" {
		return r.lab.runRealEnvoy(start, pod, config)
	}
	proxy, err := envoy.Start(config)
	if err != nil {
		return nil, err
	}
	if err := proxy.WaitComplete(start); err != nil {
		proxy.Close()
		return nil, err
	}
	return sidecar{Proxy: proxy}, nil
}

// runRealEnvoy runs the lab's Envoy for a pod and waits until it is ready.
func (l *Lab) runRealEnvoy(ctx context.Context, pod *corev1.Pod, config envoy.Config) (work, error) {
	// Short, since the path of a socket may not be long.
	dir, err := os.MkdirTemp(l.Dir, "envoy-")
	if err != nil {
		return nil, fmt.Errorf("making the folder of an Envoy: %w", err)
	}
	around, err := envoy.Prepare(config, dir)
	if err != nil {
		return nil, err
	}
	var admin int
	log := l.containerLog(pod.Namespace, pod.Name, proxyContainer)
	run := &Component{lab: l, name: "envoy-" + pod.Namespace + "." + pod.Name, grace: shortGrace, log: log, launch: func() (launch, error) {
		if err := l.ports.fill(&admin); err != nil {
			return launch{}, err
		}
		args, err := around.Args(admin)
		return launch{binary: l.EnvoyBinary, args: args, ready: around.Ready}, err
	}}
	if err := run.Start(ctx); err != nil {
		around.Close()
		return nil, err
	}
	return sidecar{Proxy: around.Proxy, real: run}, nil
}

// authority is how a pod reaches the istiod at a service's host:port, with the
// token of its service account.
func (r *Runtime) authority(ctx context.Context, pod *corev1.Pod, discovery, clusterID string) (a envoy.Authority, err error) {
	token, err := r.lab.podToken(ctx, pod, "istio-ca")
	if err != nil {
		return a, err
	}
	a.Dial = func(ctx context.Context) (net.Conn, error) { return r.lab.dialService(ctx, discovery) }
	a.Headers = map[string]string{"authorization": "Bearer " + token, "clusterid": clusterID}
	a.TLS, err = r.istiodTLS(ctx, pod.Namespace, discovery)
	return a, err
}

// spiffe returns the identity of a pod.
func spiffe(pod *corev1.Pod, env map[string]string) string {
	return fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", cmp.Or(env["TRUST_DOMAIN"], "cluster.local"), pod.Namespace, pod.Spec.ServiceAccountName)
}

// istiodTLS trusts the root that istiod publishes in the pod's namespace.
func (r *Runtime) istiodTLS(ctx context.Context, namespace, discovery string) (*tls.Config, error) {
	published, err := r.lab.Client.CoreV1().ConfigMaps(namespace).Get(ctx, "istio-ca-root-cert", metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading istiod's root certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(published.Data["root-cert.pem"])) {
		return nil, errors.New("reading istiod's root certificate: ConfigMap istio-ca-root-cert holds none")
	}
	return &tls.Config{RootCAs: roots, ServerName: strings.Split(discovery, ":")[0]}, nil
}

// dialService connects to NAME.NAMESPACE.svc:PORT as DNS and kube-proxy would.
func (l *Lab) dialService(ctx context.Context, target string) (net.Conn, error) {
	host, text, err := net.SplitHostPort(target)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", target, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", target, err)
	}
	parts := strings.Split(host, ".")
	if len(parts) < 2 {
		return nil, fmt.Errorf("connecting to %s: not the name of a service", target)
	}
	service, err := l.Client.CoreV1().Services(parts[1]).Get(ctx, parts[0], metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", target, err)
	}
	pods, err := l.Client.CoreV1().Pods(parts[1]).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", target, err)
	}
	to, err := l.egress.throughService(service, port, pods.Items)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", target, err)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", to)
}

// proxyPorts are the ports of a proxy container that lead to its admin port:
// admin, the agent's merged metrics and health, and Envoy's own metrics.
func proxyPorts() []int { return []int{15000, 15020, 15021, 15090} }

func (s sidecar) ports() map[int]string {
	ports := map[int]string{}
	for _, port := range proxyPorts() {
		ports[port] = s.Address()
	}
	return ports
}

// logs tells that only a real Envoy says anything.
func (s sidecar) logs() (string, bool) { return proxyContainer, s.real != nil }

func (s sidecar) close() {
	if s.real != nil {
		s.real.Stop()
	}
	s.Proxy.Close()
}

// RealEnvoy returns the process of the Envoy of a pod, so that a test can stop,
// freeze or restart it; nil where it is simulated.
func (r *Runtime) RealEnvoy(namespace, pod string) *Component {
	if s, ok := r.find(namespace, pod).(sidecar); ok {
		return s.real
	}
	return nil
}

// Envoy returns the Envoy of a pod, simulated or real, so that a test can have it
// misbehave; nil if there is none.
func (r *Runtime) Envoy(namespace, pod string) *envoy.Proxy {
	if s, ok := r.find(namespace, pod).(sidecar); ok {
		return s.Proxy
	}
	return nil
}

// Envoys returns the Envoys of all pods of a namespace, "" for all
// namespaces, in the order of their node ids.
func (r *Runtime) Envoys(namespace string) []*envoy.Proxy {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*envoy.Proxy
	for _, run := range r.pods {
		if s, ok := run.work.(sidecar); ok && run.gone.Err() == nil && (namespace == "" || run.name.Namespace == namespace) {
			all = append(all, s.Proxy)
		}
	}
	slices.SortFunc(all, func(a, b *envoy.Proxy) int { return strings.Compare(a.ID(), b.ID()) })
	return all
}
