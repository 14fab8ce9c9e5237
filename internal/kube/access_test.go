package kube_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestABadKubeconfigIsNamed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := kubetest.NewServer(t).Kubeconfig()
	tests := []struct {
		name, file, context string
		want                []string
	}{
		{"not YAML", write("broken", "a: ["), "", []string{"broken", "--kubeconfig"}},
		{"empty", write("empty", ""), "", []string{"empty", "defines no cluster"}},
		{"missing", filepath.Join(dir, "absent"), "", []string{"absent", "no such file"}},
		{"unknown context", good, "prod", []string{`no context "prod", only ["test"]`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kube.New(kube.Kubeconfig{File: tt.file, Context: tt.context}, kube.Options{})
			var access *kube.AccessError
			if !errors.As(err, &access) || access.Reason != kube.BadConfig {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

// blackHole accepts connections and never says a word, not even in TLS.
func blackHole(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestNothingOutlivesItsDeadline(t *testing.T) {
	tests := []struct{ name, host string }{
		{"no TLS handshake", "https://" + blackHole(t)},
		{"no HTTP answer", "http://" + blackHole(t)},
	}
	calls := map[string]func(context.Context, *kube.Cluster) error{
		"list": func(ctx context.Context, c *kube.Cluster) error { _, err := c.Pods(ctx, "", ""); return err },
		"raw":  func(ctx context.Context, c *kube.Cluster) error { _, err := c.GetRaw(ctx, "/version"); return err },
		"forward": func(ctx context.Context, c *kube.Cluster) error {
			_, err := c.Tunnel("a", "b").Dial(ctx, 1)
			return err
		},
	}
	for _, tt := range tests {
		for name, call := range calls {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				c := kube.NewForConfig(&rest.Config{Host: tt.host, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, kube.Options{})
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				start := time.Now()
				err := call(ctx, c)
				var access *kube.AccessError
				if !errors.As(err, &access) || access.Reason != kube.Unreachable || !strings.Contains(err.Error(), tt.host) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("took %s", took)
				}
			})
		}
	}
}

func TestAccessErrorsSayWhatToDo(t *testing.T) {
	s := kubetest.NewServer(t)
	closed := kubetest.NewServer(t)
	closed.Server.Close()
	tests := []struct {
		name   string
		server *kubetest.Server
		fault  func(http.ResponseWriter, *http.Request) bool
		reason kube.Reason
		want   []string
	}{
		{"refused", closed, nil, kube.Unreachable, []string{"listing pods in namespace shop", closed.URL, `context "test"`, "connection refused", "--context"}},
		{"forbidden", s, refuse(403, "Forbidden", `pods is forbidden: User "eve" cannot list`), kube.Forbidden, []string{"eve", "ask for the missing right"}},
		{"unauthorized", s, refuse(401, "Unauthorized", "Unauthorized"), kube.Unauthorized, []string{"log in"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.server.Fault(tt.fault)
			c, err := kube.New(kube.Kubeconfig{File: tt.server.Kubeconfig()}, kube.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Pods(t.Context(), "shop", "")
			var access *kube.AccessError
			if !errors.As(err, &access) || access.Reason != tt.reason {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestAnInterruptIsNoClusterError(t *testing.T) {
	c := kube.NewForConfig(&rest.Config{Host: "http://" + blackHole(t)}, kube.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := c.Pods(ctx, "", "")
	var access *kube.AccessError
	if !errors.Is(err, context.Canceled) || errors.As(err, &access) {
		t.Errorf("got %v", err)
	}
}

func refuse(code int, reason, message string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		kubetest.Refuse(w, code, reason, message)
		return true
	}
}
