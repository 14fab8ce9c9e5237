package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// GetFromPod reads a path that the pod serves over plain HTTP on a port, such
// as istiod's /version on 15014. The way there is opened and closed again;
// for several requests use Tunnel.
func (c *Cluster) GetFromPod(ctx context.Context, namespace, pod string, port int, path string) ([]byte, error) {
	tunnel := c.Tunnel(namespace, pod)
	defer tunnel.Close()
	return tunnel.Get(ctx, port, path)
}

// Get reads a path that the pod serves over plain HTTP; an answer other than
// 2xx is an error that quotes it.
func (t *Tunnel) Get(ctx context.Context, port int, path string) ([]byte, error) {
	body, err := t.Open(ctx, port, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	return data, t.failed(ctx, err, port, path)
}

// Open is Get for answers that are read as they come. The caller closes the body.
func (t *Tunnel) Open(ctx context.Context, port int, path string) (io.ReadCloser, error) {
	address := fmt.Sprintf("http://localhost:%d/%s", port, strings.TrimPrefix(path, "/"))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, t.failed(ctx, err, port, path)
	}
	response, err := t.client.Do(req)
	if err != nil {
		return nil, t.failed(ctx, err, port, path)
	}
	if response.StatusCode/100 != 2 {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 512))
		answer := &AnswerError{Code: response.StatusCode, status: response.Status, text: strings.TrimSpace(string(text))}
		return nil, t.failed(ctx, answer, port, path)
	}
	return response.Body, nil
}

// AnswerError says that a pod answered a request with another status than 2xx.
type AnswerError struct {
	Code         int // of HTTP
	status, text string
}

// Error quotes the answer.
func (e *AnswerError) Error() string { return fmt.Sprintf("the pod answers %s: %s", e.status, e.text) }

// failed blames the pod, unless the way to it is what failed.
func (t *Tunnel) failed(ctx context.Context, err error, port int, path string) error {
	if err == nil {
		return nil
	}
	var access *AccessError
	if errors.As(err, &access) {
		return access
	}
	var request *url.Error // repeats the address, which means nothing to the user
	if errors.As(err, &request) {
		err = request.Err
	}
	var pod podError
	switch {
	case errors.As(err, &pod):
		err = pod
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = timeoutError{err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("the pod closed the connection without a whole answer: %w", err)
	}
	return fmt.Errorf("reading %s from port %d of pod %s/%s: %w", path, port, t.namespace, t.pod, err)
}
