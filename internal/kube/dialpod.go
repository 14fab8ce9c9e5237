package kube

import (
	"context"
	"errors"
	"net"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// DialPod connects to a port of a pod. The way there ends with the connection.
func (c *Cluster) DialPod(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	if c.replay != nil {
		return nil, errors.New(replayOnly)
	}
	tunnel := c.Tunnel(namespace, pod)
	conn, err := tunnel.Dial(ctx, port)
	if err != nil {
		return nil, errors.Join(err, tunnel.Close())
	}
	return podConn{conn, tunnel}, nil
}

// podConn takes its tunnel with it.
type podConn struct {
	net.Conn
	tunnel *Tunnel
}

func (c podConn) Close() error { return errors.Join(c.Conn.Close(), c.tunnel.Close()) }

// ConfigMap reads the data of a ConfigMap.
func (c *Cluster) ConfigMap(ctx context.Context, namespace, name string) (map[string]string, error) {
	object, err := c.Get(ctx, schema.GroupKind{Kind: "ConfigMap"}, namespace, name)
	if err != nil {
		return nil, err
	}
	m, err := resource.As[corev1.ConfigMap](object)
	if err != nil {
		return nil, err
	}
	return m.Data, nil
}

// IsReplay tells that this is a snapshot, of which nothing can be asked but what was asked
// when it was taken.
func (c *Cluster) IsReplay() bool { return c.replay != nil }
