package kube

import (
	"io"
	"net/http"
	"strconv"
	"sync"

	"k8s.io/client-go/rest"
)

// Replay is a cluster as it once was: handlers that answer what the API server
// and the pods answered then.
type Replay struct {
	Context, Server, Namespace string

	API http.Handler
	Pod func(namespace, pod string, port int) http.Handler
}

// NewReplay is a Cluster that reads a replay. Whoever reads a Cluster reads it
// without knowing; what needs a living cluster fails.
func NewReplay(r Replay) *Cluster {
	transport := handled{func(*http.Request) http.Handler { return r.API }}
	c := newCluster(r.Context, r.Namespace, &rest.Config{Host: r.Server, Transport: transport}, Options{})
	c.replay = r.Pod
	return c
}

// replayOnly is why nothing can be dialled in a snapshot.
const replayOnly = "a snapshot answers only what was asked when it was taken"

// replayClient is the HTTP client of a Tunnel to a pod of a replay.
func (c *Cluster) replayClient(namespace, pod string) *http.Client {
	return &http.Client{Transport: handled{func(r *http.Request) http.Handler {
		port, _ := strconv.Atoi(r.URL.Port())
		return c.replay(namespace, pod, port)
	}}}
}

// handled answers requests by a handler, without a connection.
type handled struct {
	handler func(*http.Request) http.Handler
}

// RoundTrip hands over the answer while the handler still writes it.
func (t handled) RoundTrip(r *http.Request) (*http.Response, error) {
	body, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, out: writer, started: make(chan struct{}), code: http.StatusOK}
	go func() {
		defer func() {
			if recover() != nil {
				writer.CloseWithError(io.ErrUnexpectedEOF)
			}
			w.start(http.StatusOK)
			writer.Close()
		}()
		t.handler(r).ServeHTTP(w, r)
	}()
	select {
	case <-w.started:
	case <-r.Context().Done():
		body.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: strconv.Itoa(w.code) + " " + http.StatusText(w.code), StatusCode: w.code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, Body: body, ContentLength: -1, Request: r,
	}, nil
}

type pipeWriter struct {
	header, sent http.Header
	out          *io.PipeWriter
	once         sync.Once
	started      chan struct{}
	code         int
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(code int) { w.start(code) }

func (w *pipeWriter) start(code int) {
	w.once.Do(func() {
		w.code, w.sent = code, w.header.Clone()
		close(w.started)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.start(http.StatusOK)
	return w.out.Write(p)
}
