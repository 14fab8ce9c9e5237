package kube

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// forwardedConn is a connection to a port of a pod.
type forwardedConn struct {
	*stream
	problems *stream
	port     int
	explain  chan struct{} // closed once the error stream has ended
	problem  string
}

// newForwardedConn starts reading the error stream, whose text replaces the
// end of the data when the pod refused the connection.
func newForwardedConn(data, problems *stream, port int) *forwardedConn {
	c := &forwardedConn{stream: data, problems: problems, port: port, explain: make(chan struct{})}
	go func() {
		defer close(c.explain)
		text, _ := io.ReadAll(io.LimitReader(problems, 64<<10))
		if c.problem = strings.TrimSpace(string(text)); c.problem != "" {
			data.fail(c.failure())
		}
	}()
	return c
}

func (c *forwardedConn) failure() error {
	if strings.Contains(c.problem, "connection refused") {
		return podError{fmt.Sprintf("nothing listens on the pod's port %d", c.port)}
	}
	return podError{c.problem}
}

// explained replaces a bare end of data by the kubelet's explanation, if one comes.
func (c *forwardedConn) explained(err error) error {
	if !errors.Is(err, io.EOF) && !errors.As(err, new(podError)) {
		return err
	}
	select {
	case <-c.explain:
		if c.problem != "" {
			return c.failure()
		}
	case <-time.After(explainTimeout):
	}
	return err
}

// Read reads what the pod sends.
func (c *forwardedConn) Read(p []byte) (int, error) {
	n, err := c.stream.Read(p)
	if err != nil {
		err = c.explained(err)
	}
	return n, err
}

// explainTimeout is how long the end of data waits for its explanation.
const explainTimeout = 200 * time.Millisecond

// Close ends both streams.
func (c *forwardedConn) Close() error {
	err := c.stream.Close()
	c.problems.Close()
	<-c.explain
	return err
}

type podAddr struct{ port int }

func (podAddr) Network() string  { return "pod" }
func (a podAddr) String() string { return fmt.Sprintf("127.0.0.1:%d", a.port) }

// LocalAddr and RemoteAddr are what the pod sees: its own loopback address.
func (c *forwardedConn) LocalAddr() net.Addr  { return podAddr{} }
func (c *forwardedConn) RemoteAddr() net.Addr { return podAddr{c.port} }

// SetDeadline bounds reads; writes are bounded by the session.
func (c *forwardedConn) SetDeadline(t time.Time) error {
	c.setReadDeadline(t)
	return nil
}

// SetReadDeadline bounds reads.
func (c *forwardedConn) SetReadDeadline(t time.Time) error { return c.SetDeadline(t) }

// SetWriteDeadline does nothing: a session that takes no data is broken as a whole.
func (c *forwardedConn) SetWriteDeadline(time.Time) error { return nil }
