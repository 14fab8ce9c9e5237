// Package envoy speaks to the admin port of a proxy, over whatever connection it is
// given: a tunnel to a pod or a plain URL.
package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
)

// Port is the admin port of Istio's proxies, and of ztunnel.
const Port = 15000

// Paths of the admin port.
const (
	ConfigDump = "/config_dump?include_eds"
	Clusters   = "/clusters?format=json"
	Logging    = "/logging"
)

// Admin is the admin port of one proxy.
type Admin struct {
	client *http.Client
	base   string
	name   string
}

// New is the admin port at a URL such as http://localhost:15000. name is how errors
// call the proxy.
func New(client *http.Client, base, name string) *Admin {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	return &Admin{client: client, base: strings.TrimSuffix(base, "/"), name: name}
}

// Open reads a path as a stream. The caller closes it.
func (a *Admin) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return a.do(ctx, http.MethodGet, path)
}

// Get reads a path as a whole.
func (a *Admin) Get(ctx context.Context, path string) ([]byte, error) {
	body, err := a.do(ctx, http.MethodGet, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return text, a.failed(path, err)
}

// Post changes something, such as a log level, and gives the answer.
func (a *Admin) Post(ctx context.Context, path string) ([]byte, error) {
	body, err := a.do(ctx, http.MethodPost, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return text, a.failed(path, err)
}

func (a *Admin) do(ctx context.Context, method, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the proxy %s: %w", a.name, err)
	}
	answer, err := a.client.Do(req)
	if err != nil {
		return nil, a.failed(path, err)
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 512))
		return nil, a.failed(path, fmt.Errorf("it answers %s: %s", answer.Status, strings.TrimSpace(string(text))))
	}
	return answer.Body, nil
}

func (a *Admin) failed(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		err = fmt.Errorf("%w: nothing listens on its admin port; it may be starting, or have another port", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w: the connection was closed in the middle; the proxy may be restarting", err)
	}
	return fmt.Errorf("asking the proxy %s for %s: %w", a.name, path, err)
}
