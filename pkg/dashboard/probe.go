package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// probeTimeout is how long the web interface may take to say a first word.
const probeTimeout = 3 * time.Second

// Probe asks the web interface for its scheme, "http" or "https": Kiali on
// OpenShift, for one, speaks TLS on the port where others speak plain HTTP.
// The error says that nothing answers (yet); the scheme is a guess then.
func (f *Forward) Probe(ctx context.Context) (scheme string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	l := f.current()
	if l == nil {
		return "http", fmt.Errorf("%s is not connected", f.target.Name)
	}
	conn, err := l.tunnel.Dial(ctx, l.port)
	if err != nil {
		return "http", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := io.WriteString(conn, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return "http", err
	}
	in := bufio.NewReader(conn)
	if first, err := in.Peek(1); err == nil && first[0] == tlsAlert {
		return "https", nil
	}
	response, err := http.ReadResponse(in, &http.Request{Method: http.MethodHead})
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s", probeTimeout)
		}
		return "http", err
	}
	response.Body.Close()
	// Go's TLS servers send a reason, whatever was asked. Servers that go on
	// listening are not waited for.
	text, _ := in.Peek(in.Buffered())
	if response.StatusCode == http.StatusBadRequest && bytes.Contains(text, []byte("HTTPS")) {
		return "https", nil
	}
	return "http", nil
}

// tlsAlert is the first byte of what a TLS server answers to plain text (RFC 8446, 5.1).
const tlsAlert = 0x15
