package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
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
type sidecar struct{ *envoy.Proxy }

// runProxy starts the Envoy of a sidecar, gateway or waypoint, connected to the
// istiod that its pod names, and waits until its configuration is complete.
func (r *Runtime) runProxy(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (work, error) {
	node, err := envoy.Node(pod, container, istioVersion)
	if err != nil {
		return nil, err
	}
	bootstrap, err := envoy.Bootstrap(node)
	if err != nil {
		return nil, err
	}
	config := envoy.Config{Bootstrap: bootstrap, AdminAddress: address(0)}
	discovery := envoy.Discovery(node)
	config.Dial = func(ctx context.Context) (net.Conn, error) { return r.lab.dialService(ctx, discovery) }
	token, err := r.lab.serviceAccountToken(ctx, pod.Namespace, pod.Spec.ServiceAccountName, []string{"istio-ca"})
	if err != nil {
		return nil, err
	}
	clusterID := node.GetMetadata().GetFields()["CLUSTER_ID"].GetStringValue()
	config.Headers = map[string]string{"authorization": "Bearer " + token, "clusterid": clusterID}
	if config.TLS, err = r.istiodTLS(ctx, pod.Namespace, discovery); err != nil {
		return nil, err
	}
	trustDomain := podenv.Of(pod, container)["TRUST_DOMAIN"]
	if trustDomain == "" {
		trustDomain = "cluster.local"
	}
	spiffe := fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", trustDomain, pod.Namespace, pod.Spec.ServiceAccountName)
	start, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if config.Secrets, err = envoy.Identity(start, spiffe, config.Dial, config.TLS, config.Headers); err != nil {
		return nil, err
	}
	proxy, err := envoy.Start(config)
	if err != nil {
		return nil, err
	}
	if err := proxy.WaitComplete(start); err != nil {
		proxy.Close()
		return nil, err
	}
	return sidecar{proxy}, nil
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

func (s sidecar) close() { s.Proxy.Close() }

// Envoy returns the simulated Envoy of a pod, so that a test can have it
// misbehave; nil if there is none.
func (r *Runtime) Envoy(namespace, pod string) *envoy.Proxy {
	if s, ok := r.find(namespace, pod).(sidecar); ok {
		return s.Proxy
	}
	return nil
}

// Envoys returns the simulated Envoys of all pods of a namespace, "" for all
// namespaces, in the order of their node ids.
func (r *Runtime) Envoys(namespace string) []*envoy.Proxy {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*envoy.Proxy
	for _, run := range r.pods {
		if s, ok := run.work.(sidecar); ok && (namespace == "" || run.name.Namespace == namespace) {
			all = append(all, s.Proxy)
		}
	}
	slices.SortFunc(all, func(a, b *envoy.Proxy) int { return strings.Compare(a.ID(), b.ID()) })
	return all
}
