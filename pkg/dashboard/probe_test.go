package dashboard

import (
	"context"
	"io"
	"net"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// answering is a tunnel to a server that reads a question, gives one answer and
// leaves the connection open. It counts how often it is read from.
type answering struct {
	net.Conn
	answer string
	reads  int
}

func (a *answering) Dial(context.Context, int) (net.Conn, error) {
	here, there := net.Pipe()
	a.Conn = here
	go func() {
		buffer := make([]byte, 1024)
		if _, err := there.Read(buffer); err == nil {
			_, _ = io.WriteString(there, a.answer)
		}
	}()
	return a, nil
}

func (a *answering) Read(p []byte) (int, error) {
	a.reads++
	return a.Conn.Read(p)
}

func (a *answering) Check(context.Context) error { return nil }

func TestProbeTellsTheSchemeFromTheFirstAnswer(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{"a page, whose body does not follow a HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "http"},
		{"a way to the login", "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 20\r\n\r\n", "http"},
		{"a bad request of another kind", "HTTP/1.1 400 Bad Request\r\n\r\nno", "http"},
		{"TLS in Go", "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "https"},
		{"TLS elsewhere", "\x15\x03\x01\x00\x02\x02\x46", "https"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tunnel := &answering{answer: tt.answer}
			f := &Forward{target: Target{Name: "x"}, link: &link{pod: &corev1.Pod{}, port: 1, tunnel: tunnel}}
			scheme, err := f.Probe(t.Context())
			if scheme != tt.want || err != nil {
				t.Errorf("got %q, %v", scheme, err)
			}
			if tunnel.reads != 1 {
				t.Errorf("%d reads: it waits for more than the first answer", tunnel.reads)
			}
		})
	}
}
