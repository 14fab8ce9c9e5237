package lab

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// kubelet stands between the API server and kwok. kwok keeps a port-forward open
// when the other end has gone, and lets nobody end one; here one can be cut.
type kubelet struct {
	address string
	server  *http.Server

	mu       sync.Mutex
	forwards map[string]map[*context.CancelFunc]bool // by namespace/pod
}

func (l *Lab) startKubelet() (*kubelet, error) {
	keys, err := tls.LoadX509KeyPair(l.keys.serverCert, l.keys.serverKey)
	if err != nil {
		return nil, fmt.Errorf("standing in for the kubelet: %w", err)
	}
	listener, err := net.Listen("tcp", address(0))
	if err != nil {
		return nil, fmt.Errorf("standing in for the kubelet: %w", err)
	}
	k := &kubelet{address: listener.Addr().String(), forwards: map[string]map[*context.CancelFunc]bool{}}
	silent := log.New(io.Discard, "", 0) // what is cut is no news
	kwok := &httputil.ReverseProxy{ErrorLog: silent, FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address(l.kwokPort)})
	}}
	k.server = &http.Server{ErrorLog: silent, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pod, ok := strings.CutPrefix(r.URL.Path, "/portForward/"); ok {
			ctx, done := k.hold(r.Context(), pod)
			defer done()
			r = r.WithContext(ctx)
		}
		kwok.ServeHTTP(w, r)
	})}
	go k.server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{keys}})) // ends with close
	return k, nil
}

func (k *kubelet) close() { k.server.Close() }

// hold notes a port-forward to a pod until done is called. Its context ends when
// it is cut.
func (k *kubelet) hold(ctx context.Context, pod string) (held context.Context, done func()) {
	held, cancel := context.WithCancel(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.forwards[pod] == nil {
		k.forwards[pod] = map[*context.CancelFunc]bool{}
	}
	k.forwards[pod][&cancel] = true
	return held, func() {
		cancel()
		k.mu.Lock()
		defer k.mu.Unlock()
		if delete(k.forwards[pod], &cancel); len(k.forwards[pod]) == 0 {
			delete(k.forwards, pod)
		}
	}
}

// cut ends the port-forwards to a pod.
func (k *kubelet) cut(pod string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for cancel := range k.forwards[pod] {
		(*cancel)()
	}
}
