package install

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// largestDownload bounds what is read from a server: charts have kilobytes.
	largestDownload = 64 << 20
	// fetchTimeout bounds the fetching of one chart, so that a server which has
	// died does not use up the time of an installation.
	fetchTimeout = time.Minute
)

var (
	errSlowServer = errors.New("the server has not answered within " + fetchTimeout.String())
	errTooLarge   = errors.New("the file is too large to be a chart")
)

// boundClient gives a client whose requests end with the context, whatever
// context they have themselves, and whose answers end with an error when they
// are too large.
func boundClient(ctx context.Context, client *http.Client) *http.Client {
	bound := *client
	bound.Transport = boundTransport{ctx, client.Transport}
	return &bound
}

type boundTransport struct {
	ctx  context.Context
	next http.RoundTripper // nil for the default one
}

// RoundTrip implements http.RoundTripper.
func (t boundTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(r.WithContext(t.ctx))
	if err == nil {
		response.Body = &boundBody{response.Body, largestDownload}
	}
	return response, err
}

type boundBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}
