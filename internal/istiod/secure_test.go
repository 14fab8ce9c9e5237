package istiod

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"google.golang.org/protobuf/encoding/protowire"
)

// mesh is a cluster with one istiod that listens at an address.
type mesh struct {
	address string
	root    []byte
}

func (m mesh) Pods(context.Context, string, string) ([]*corev1.Pod, error) {
	return []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "istiod-1", Namespace: "istio-system"}}}, nil
}

func (m mesh) GetFromPod(context.Context, string, string, int, string) ([]byte, error) {
	return []byte("plain"), nil
}

func (m mesh) ConfigMap(context.Context, string, string) (map[string]string, error) {
	return map[string]string{"root-cert.pem": string(m.root)}, nil
}

func (m mesh) Token(_ context.Context, namespace, account, audience string, _ time.Duration) (string, error) {
	return namespace + "/" + account + " for " + audience, nil
}

func (m mesh) DialPod(ctx context.Context, _, _ string, _ int) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", m.address)
}

// certify makes a root and a certificate for a name.
func certify(t *testing.T, name string) (root []byte, serving tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, DNSNames: []string{name}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serveDebug is istiod's secure port: it says over gRPC what page was asked for, with which token.
func serveDebug(t *testing.T, serving tls.Certificate) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		message, err := readFrame(r.Body)
		if err != nil {
			t.Errorf("reading the question: %v", err)
		}
		name, _ := field(message, 3)
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		page := fmt.Sprintf("%s with %s", name, r.Header.Get("Authorization"))
		switch string(name) {
		case "forbidden":
			w.Header().Set("Grpc-Status", "7")
			w.Header().Set("Grpc-Message", "not%20you")
			return
		case "nosuch":
			page = `{"statusCode":"404"}404 page not found`
		case "away":
			page = "Proxy not connected to this Pilot instance. It may be connected to another instance.\n"
		}
		value := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), page)
		_, _ = w.Write(frame(protowire.AppendBytes(protowire.AppendTag(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "v1"), 2, protowire.BytesType), value)))
		w.(http.Flusher).Flush()
		_, _ = io.Copy(io.Discard, r.Body) // until the client goes, as istiod does
	}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{serving}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestDebugPagesComeOverTLSWithAToken(t *testing.T) {
	root, serving := certify(t, "istiod.istio-system.svc")
	m := mesh{serveDebug(t, serving), root}
	ask := func(m mesh, path string) (string, error) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		control := New(m, "istio-system", "")
		if err := control.Secure(ctx, m); err != nil {
			t.Fatal(err)
		}
		answers, err := control.AskAll(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		return string(answers[0].Body), answers[0].Err
	}
	if got, err := ask(m, "/debug/config_dump?proxyID=a.b"); err != nil || got != "config_dump?proxyID=a.b with Bearer istio-system/default for istio-ca" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := ask(m, "/metrics"); err != nil || got != "plain" {
		t.Errorf("what is no debug page: %q, %v", got, err)
	}
	for page, want := range map[string]string{"nosuch": "404", "away": "404: Proxy not connected", "forbidden": "does not accept the token: not you"} {
		if _, err := ask(m, "/debug/"+page); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "istiod-1") {
			t.Errorf("%s: %v", page, err)
		}
	}
	other, _ := certify(t, "istiod.istio-system.svc")
	if _, err := ask(mesh{m.address, other}, "/debug/syncz"); err == nil || !strings.Contains(err.Error(), "not the one of this mesh's istiod") {
		t.Errorf("the certificate of another mesh: %v", err)
	}
	wrongRoot, wrongName := certify(t, "evil.example")
	if _, err := ask(mesh{serveDebug(t, wrongName), wrongRoot}, "/debug/syncz"); err == nil || !strings.Contains(err.Error(), "not the one of this mesh's istiod") {
		t.Errorf("the certificate of somebody else: %v", err)
	}
}

// An istiod outside of the cluster is asked at its address, under its own name.
func TestIstiodOutsideOfTheCluster(t *testing.T) {
	root, serving := certify(t, "istiod.example")
	other, _ := certify(t, "istiod.example")
	address := serveDebug(t, serving)
	m := mesh{"127.0.0.1:1", root} // its pods do not answer
	pool := func(text []byte) *x509.CertPool {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		return roots
	}
	for _, c := range []struct {
		name   string
		access Access
		want   string
	}{
		{"with its name", Access{Address: address, Authority: "istiod.example"}, "syncz with Bearer istio-system/default for istio-ca"},
		{"under another name", Access{Address: address}, "not the one of this mesh's istiod"},
		{"under another name, which is taken", Access{Address: address, Insecure: true}, "syncz with Bearer"},
		{"with a certificate", Access{Address: address, Authority: "istiod.example", Certificate: &serving, Roots: pool(root)}, "syncz with "},
		{"of another authority", Access{Address: address, Authority: "istiod.example", Certificate: &serving, Roots: pool(other)}, "not the one of this mesh's istiod"},
		{"without a port", Access{Address: "istiod.example"}, "missing port"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		control := New(m, "istio-system", "")
		err := control.SecureAs(ctx, m, c.access)
		got := ""
		if err == nil {
			var answers []Answer
			if answers, err = control.AskAll(ctx, "/debug/syncz"); err == nil {
				got, err = string(answers[0].Body), answers[0].Err
			}
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || c.access.Certificate != nil && strings.Contains(got, "Bearer") {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	control := New(m, "istio-system", "")
	if err := control.SecureAs(t.Context(), m, Access{Address: address}); err != nil {
		t.Fatal(err)
	}
	if answers, err := control.AskAll(t.Context(), "/metrics"); err != nil || answers[0].Err == nil {
		t.Errorf("metrics come from nowhere: %v, %v", answers, err)
	}
}

func TestAnswersThatAreNoGRPCAreErrors(t *testing.T) {
	for name, text := range map[string]string{
		"short":      "\x00\x00",
		"cut off":    "\x00\x00\x00\x00\x09abc",
		"compressed": "\x01\x00\x00\x00\x01a",
		"too long":   "\x00\xff\xff\xff\xffa",
	} {
		if _, err := readFrame(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, text := range []string{"", "\x12", "\x12\x7f", "<html>"} {
		if _, err := debugAnswer([]byte(text)); err == nil {
			t.Errorf("%q is taken for an answer", text)
		}
	}
}
