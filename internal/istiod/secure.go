package istiod

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// SecurePort is istiod's port for configuration over TLS. Debug pages are a type of
// configuration there, for whoever brings a token of the control plane's namespace.
const SecurePort = 15012

// tokenAudience is what istiod wants tokens to be meant for; tokenAccount is an account
// that every namespace has.
const (
	tokenAudience = "istio-ca"
	tokenAccount  = "default"
	tokenLifetime = time.Hour // wait may go on for long
)

// rootConfigMap is where istiod publishes the root of its CA, in every namespace.
const rootConfigMap = "istio-ca-root-cert"

// SecureCluster is what is needed to ask over TLS.
type SecureCluster interface {
	ConfigMap(ctx context.Context, namespace, name string) (map[string]string, error)
	Token(ctx context.Context, namespace, serviceAccount, audience string, lifetime time.Duration) (string, error)
	DialPod(ctx context.Context, namespace, pod string, port int) (net.Conn, error)
}

// Access is how istiod is asked over TLS, where that is not as usual.
type Access struct {
	// Address is host:port of an istiod outside of the cluster. It is asked instead of pods.
	Address string
	// Port is that of the pods, 0 for SecurePort.
	Port int
	// Authority is the name that the certificate must have; of pods that is by default the
	// name of their Service, else the host of the address.
	Authority string
	// Insecure takes any certificate.
	Insecure bool
	// Certificate proves who asks, instead of a token; Roots are then the authorities from
	// which istiod's certificate must come.
	Certificate *tls.Certificate
	Roots       *x509.CertPool
}

// secure asks over TLS, with a token or a certificate, and takes only the certificate of an
// istiod.
type secure struct {
	cluster   SecureCluster
	access    Access
	namespace string // of the token
	token     string // a secret
	tls       *tls.Config
}

// Secure makes all further questions for debug pages go over TLS. The certificate must
// come from the mesh's CA and be the one of the control plane in this namespace.
func (c *Control) Secure(ctx context.Context, cluster SecureCluster) error {
	return c.SecureAs(ctx, cluster, Access{})
}

// SecureAs is Secure in another way.
func (c *Control) SecureAs(ctx context.Context, cluster SecureCluster, a Access) (err error) {
	s := &secure{cluster: cluster, access: a, namespace: c.namespace, tls: &tls.Config{
		RootCAs: a.Roots, ServerName: a.Authority, InsecureSkipVerify: a.Insecure, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
	}}
	if s.access.Port == 0 {
		s.access.Port = SecurePort
	}
	if s.tls.ServerName == "" {
		s.tls.ServerName = "istiod." + c.namespace + ".svc"
		if a.Address != "" {
			if s.tls.ServerName, _, err = net.SplitHostPort(a.Address); err != nil {
				return fmt.Errorf("reading the address of istiod: %w", err)
			}
		}
	}
	if s.tls.RootCAs == nil && !a.Insecure {
		if s.tls.RootCAs, err = meshRoots(ctx, cluster, c.namespace); err != nil {
			return err
		}
	}
	if a.Certificate != nil {
		s.tls.Certificates = []tls.Certificate{*a.Certificate}
	} else if s.token, err = cluster.Token(ctx, c.namespace, tokenAccount, tokenAudience, tokenLifetime); err != nil {
		return err
	}
	c.secure = s
	return nil
}

// meshRoots are the authorities from which the certificates of a mesh come.
func meshRoots(ctx context.Context, cluster SecureCluster, namespace string) (*x509.CertPool, error) {
	data, err := cluster.ConfigMap(ctx, namespace, rootConfigMap)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(data["root-cert.pem"])) {
		return nil, fmt.Errorf("ConfigMap %s/%s holds no root certificate", namespace, rootConfigMap)
	}
	return roots, nil
}

// dial connects to an istiod.
func (s *secure) dial(ctx context.Context, pod *corev1.Pod) (net.Conn, error) {
	if s.access.Address != "" {
		return new(net.Dialer).DialContext(ctx, "tcp", s.access.Address)
	}
	return s.cluster.DialPod(ctx, pod.Namespace, pod.Name, s.access.Port)
}

// page asks one istiod for a debug page, such as syncz or config_dump?proxyID=a.b.
func (s *secure) page(ctx context.Context, pod *corev1.Pod, page string) ([]byte, error) {
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := s.dial(ctx, pod)
			if err != nil {
				return nil, err
			}
			secured := tls.Client(conn, s.tls)
			if err := secured.HandshakeContext(ctx); err != nil {
				return nil, errors.Join(notTrusted(err), conn.Close())
			}
			return secured, nil
		},
	}
	defer transport.CloseIdleConnections()
	// The stream stays open until the answer is there: istiod stops working for a client
	// that has said all.
	body, say := io.Pipe()
	defer say.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		"https://istiod/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources", body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	go func() { _, _ = say.Write(frame(debugRequest(s.namespace, page))) }() // ends with the request at the latest
	answer, err := transport.RoundTrip(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
	defer answer.Body.Close()
	message, err := readFrame(answer.Body)
	if errors.Is(err, io.EOF) {
		err = grpcError(answer)
	}
	if err != nil {
		return nil, err
	}
	return debugAnswer(message)
}

// notTrusted says what it means that a certificate is not accepted.
func notTrusted(err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	if errors.As(err, &unknown) || errors.As(err, &name) {
		return fmt.Errorf("its certificate is not the one of this mesh's istiod: %w", err)
	}
	return err
}
