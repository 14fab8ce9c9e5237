package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
)

const (
	portForwardProtocol = "portforward.k8s.io"
	tunnelPrefix        = "SPDY/3.1+" // SPDY inside WebSocket messages
	upgradeTimeout      = 10 * time.Second
)

// upgradeMemory remembers that WebSocket did not work, so that a command with
// many port-forwards does not try it each time.
type upgradeMemory struct{ useSPDY atomic.Bool }

// upgradeTo turns a request for a pod's subresource into a two-way byte stream
// that carries SPDY frames: over WebSocket, which passes proxies, or else
// directly, as API servers and proxies without the former ask for.
func (c *Cluster) upgradeTo(ctx context.Context, path string) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	type outcome struct {
		conn io.ReadWriteCloser
		err  error
	}
	// The libraries below do not look at ctx at every step.
	done := make(chan outcome, 1)
	go func() {
		conn, err := c.upgradeEither(ctx, path)
		done <- outcome{conn, err}
	}()
	select {
	case o := <-done:
		return o.conn, o.err
	case <-ctx.Done():
		go func() {
			if o := <-done; o.conn != nil {
				o.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

func (c *Cluster) upgradeEither(ctx context.Context, path string) (io.ReadWriteCloser, error) {
	base, _, err := rest.DefaultServerUrlFor(c.config)
	if err != nil {
		return nil, err
	}
	target := base.JoinPath(path)
	if !c.upgrade.useSPDY.Load() {
		conn, err := upgradeWebSocket(ctx, c.config, target)
		if err == nil {
			return conn, nil
		}
		if err, fallBack := refusal(err); !fallBack {
			return nil, err
		}
	}
	conn, err := upgradeSPDY(ctx, c.config, target)
	if err == nil {
		c.upgrade.useSPDY.Store(true)
	}
	return conn, err
}

// refusal is why WebSocket failed, and whether that leaves hope for SPDY.
func refusal(err error) (cause error, fallBack bool) {
	if upgrade := new(httpstream.UpgradeFailureError); errors.As(err, &upgrade) {
		err = upgrade.Cause // which errors.As does not find
		return err, !apierrors.IsNotFound(err)
	}
	return err, httpstream.IsHTTPSProxyError(err)
}

func upgradeWebSocket(ctx context.Context, config *rest.Config, target *url.URL) (io.ReadWriteCloser, error) {
	transport, holder, err := websocket.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	conn, err := websocket.Negotiate(transport, holder, req, tunnelPrefix+portForwardProtocol)
	if err != nil {
		return nil, err
	}
	return portforward.NewTunnelingConnection("client", conn), nil
}

func upgradeSPDY(ctx context.Context, config *rest.Config, target *url.URL) (io.ReadWriteCloser, error) {
	config = rest.CopyConfig(config)
	config.NextProtos = []string{"http/1.1"} // HTTP/2 knows no upgrade
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "SPDY/3.1")
	req.Header.Set("X-Stream-Protocol-Version", portForwardProtocol)
	response, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if conn, ok := response.Body.(io.ReadWriteCloser); ok && response.StatusCode == http.StatusSwitchingProtocols {
		return conn, nil
	}
	defer response.Body.Close()
	return nil, statusError(response)
}

// statusError reads the API server's explanation of a refusal.
func statusError(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("reading the API server's refusal: %w", err)
	}
	var status metav1.Status
	if err := json.Unmarshal(text, &status); err == nil && status.Status == metav1.StatusFailure {
		return &apierrors.StatusError{ErrStatus: status}
	}
	return apierrors.NewGenericServerResponse(response.StatusCode, http.MethodPost, schema.GroupResource{Resource: "pods/portforward"}, "", string(text), 0, true)
}
