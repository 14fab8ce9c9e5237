package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istiod"
	"github.com/meshctl/meshctl/internal/kube"
)

// debugPages reads the debug pages of one istiod: in plain HTTP, for which the
// right to forward ports is enough, or, where that port does not serve them,
// over TLS with a token, as proxy-status does.
type debugPages struct {
	tunnel *kube.Tunnel
	pod    *corev1.Pod
	secure *secureControl

	found *istiod.Control // by which way pages came; nil as long as none came over TLS
	plain bool            // pages came in plain HTTP
}

// secureControl asks istiods over TLS. The token for it is made when the first
// of them needs it, and serves all.
type secureControl struct {
	cluster   *kube.Cluster
	namespace string

	mu      sync.Mutex
	control *istiod.Control
}

func (s *secureControl) get(ctx context.Context) (*istiod.Control, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.control != nil {
		return s.control, nil
	}
	control := istiod.New(s.cluster, s.namespace, "")
	if err := control.Secure(ctx, s.cluster); err != nil {
		return nil, err
	}
	s.control = control
	return control, nil
}

// open asks for a page by its path, as a Tunnel does.
func (d *debugPages) open(ctx context.Context, path string) (io.ReadCloser, error) {
	if d.found != nil {
		return d.ask(ctx, d.found, path)
	}
	body, err := d.tunnel.Open(ctx, istiod.Port, path)
	if err == nil || d.plain || ctx.Err() != nil || !strings.HasPrefix(path, "/debug/") {
		d.plain = d.plain || err == nil && strings.HasPrefix(path, "/debug/")
		return body, err
	}
	control, reason := d.secure.get(ctx)
	if reason == nil {
		if body, reason = d.ask(ctx, control, path); reason == nil {
			d.found = control
			return body, nil
		}
	}
	return nil, fmt.Errorf("%w; over TLS: %w", err, reason)
}

func (d *debugPages) ask(ctx context.Context, control *istiod.Control, path string) (io.ReadCloser, error) {
	page, err := control.Ask(ctx, d.pod, path)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(page)), nil
}

// notFound reports that an istiod answers that there is no such thing, by
// whichever way it was asked.
func notFound(err error) bool {
	var plain *kube.AnswerError
	var page *istiod.PageError
	return errors.As(err, &plain) && plain.Code == http.StatusNotFound ||
		errors.As(err, &page) && page.Status == http.StatusNotFound
}
