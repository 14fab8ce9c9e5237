package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
)

// LogOptions choose a part of a container's log.
type LogOptions struct {
	Container  string // "" is the pod's only one
	Previous   bool   // of the run before the last restart
	Since      time.Duration
	Tail       int64 // lines from the end, 0 is all
	Limit      int64 // bytes, 0 is no limit
	Timestamps bool
}

// Logs streams a container's log. The caller closes it.
func (c *Cluster) Logs(ctx context.Context, namespace, pod string, o LogOptions) (io.ReadCloser, error) {
	query := map[string][]string{}
	set := func(name, value string, use bool) {
		if use {
			query[name] = []string{value}
		}
	}
	set("container", o.Container, o.Container != "")
	set("previous", "true", o.Previous)
	set("timestamps", "true", o.Timestamps)
	set("sinceSeconds", strconv.Itoa(int(o.Since.Seconds())), o.Since >= time.Second)
	set("tailLines", strconv.FormatInt(o.Tail, 10), o.Tail > 0)
	set("limitBytes", strconv.FormatInt(o.Limit, 10), o.Limit > 0)
	body, err := c.stream(ctx, request{method: http.MethodGet, path: []string{"/api/v1/namespaces", namespace, "pods", pod, "log"}, query: query})
	return body, c.wrap(ctx, err, "reading the log of pod %s/%s", namespace, pod)
}

// ExecOptions say what to run in a container.
type ExecOptions struct {
	Container      string
	Command        []string
	Stdin          io.Reader // may be nil, as may the others
	Stdout, Stderr io.Writer
}

// Exec runs a command in a container and waits for its end.
func (c *Cluster) Exec(ctx context.Context, namespace, pod string, o ExecOptions) error {
	base, _, err := rest.DefaultServerUrlFor(c.config)
	if err != nil {
		return fmt.Errorf("reading the server's address: %w", err)
	}
	target := base.JoinPath("/api/v1/namespaces", namespace, "pods", pod, "exec")
	query := target.Query()
	query["command"] = o.Command
	if o.Container != "" {
		query.Set("container", o.Container)
	}
	for name, used := range map[string]bool{"stdin": o.Stdin != nil, "stdout": o.Stdout != nil, "stderr": o.Stderr != nil} {
		if used {
			query.Set(name, "true")
		}
	}
	target.RawQuery = query.Encode()
	overSocket, err := remotecommand.NewWebSocketExecutor(c.config, http.MethodGet, target.String())
	if err != nil {
		return c.wrap(ctx, err, "running a command in pod %s/%s", namespace, pod)
	}
	overSPDY, err := remotecommand.NewSPDYExecutor(c.config, http.MethodPost, target)
	if err != nil {
		return c.wrap(ctx, err, "running a command in pod %s/%s", namespace, pod)
	}
	executor, err := remotecommand.NewFallbackExecutor(overSocket, overSPDY, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err == nil {
		err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr})
	}
	return c.wrap(ctx, err, "running %q in pod %s/%s", o.Command, namespace, pod)
}

// Token asks for a token of a service account, for the given audience, such
// as istiod's "istio-ca". It is a secret: it must not be printed.
func (c *Cluster) Token(ctx context.Context, namespace, serviceAccount, audience string, lifetime time.Duration) (string, error) {
	type spec struct {
		Audiences []string `json:"audiences"`
		Seconds   int64    `json:"expirationSeconds"`
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"spec": spec{[]string{audience}, int64(max(lifetime, 10*time.Minute).Seconds())}, // the API server's minimum
	})
	if err != nil {
		return "", err
	}
	data, err := c.do(ctx, request{method: http.MethodPost, path: []string{"/api/v1/namespaces", namespace, "serviceaccounts", serviceAccount, "token"}, body: body})
	if err != nil {
		return "", c.wrap(ctx, err, "requesting a token of service account %s/%s", namespace, serviceAccount)
	}
	var answer struct{ Status struct{ Token string } }
	if err := json.Unmarshal(data, &answer); err != nil || answer.Status.Token == "" {
		return "", fmt.Errorf("requesting a token of service account %s/%s: the answer holds none", namespace, serviceAccount)
	}
	return answer.Status.Token, nil
}
