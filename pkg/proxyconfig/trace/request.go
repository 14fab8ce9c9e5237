package trace

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Direction is the way of a request through the proxy.
type Direction string

// Directions. A sidecar takes what its application sends (outbound) and what others
// send to it (inbound); a gateway takes what comes to its ports.
const (
	Outbound Direction = "outbound"
	Inbound  Direction = "inbound"
	Gateway  Direction = "gateway"
)

// Request is the request that is followed.
type Request struct {
	Direction Direction
	Method    string
	Scheme    string
	Host      string // as in :authority, with the port if the URL has one
	Path      string // with the query
	Port      int    // the port that the client connects to
	// Headers by their name in lower case. Several values are joined by commas, as
	// Envoy does for matching.
	Headers map[string]string

	// IP is the address that the client connects to, if it is known.
	IP netip.Addr
	// TLS tells whether the connection to this proxy is encrypted; Mutual whether the
	// client showed a certificate, whose name is Principal.
	TLS, Mutual bool
	SNI         string
	ALPN        []string
	Principal   string // spiffe://trust-domain/ns/namespace/sa/account
	Source      netip.Addr
	SourcePort  int
	// Claims are those of a valid token, nil if the request has none.
	Claims map[string]string
}

// NewRequest reads a URL such as http://reviews:9080/x. The port follows from the
// scheme if the URL has none.
func NewRequest(method, rawURL string, direction Direction) (Request, error) {
	if !strings.Contains(rawURL, "://") {
		rawURL = "http://" + rawURL
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return Request{}, fmt.Errorf("reading the URL: %w", err)
	}
	if u.Host == "" {
		return Request{}, fmt.Errorf("reading the URL %q: it names no host; expected something like http://reviews:9080/x", rawURL)
	}
	defaults := map[string]int{"http": 80, "https": 443, "grpc": 80, "tcp": 0, "tls": 443}
	port, known := defaults[u.Scheme]
	if !known {
		return Request{}, fmt.Errorf("reading the URL %q: expected http, https, grpc, tcp or tls, found %q", rawURL, u.Scheme)
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return Request{}, fmt.Errorf("reading the port of %q: %w", rawURL, err)
		}
	}
	if port < 0 || port > 65535 {
		return Request{}, fmt.Errorf("reading the port of %q: ports are from 1 to 65535", rawURL)
	}
	if strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Request{}, fmt.Errorf("reading the method %q: expected one word, such as GET", method)
	}
	if port == 0 {
		return Request{}, fmt.Errorf("reading the URL %q: a TCP connection needs a port", rawURL)
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	r := Request{
		Direction: direction, Method: strings.ToUpper(method), Scheme: u.Scheme, Host: u.Host,
		Path: path, Port: port, Headers: map[string]string{},
		TLS: u.Scheme == "https" || u.Scheme == "tls",
	}
	if r.Method == "" {
		r.Method = "GET"
	}
	if u.Scheme == "grpc" {
		r.Method, r.Headers["content-type"] = "POST", "application/grpc"
	}
	if r.TLS {
		r.SNI = u.Hostname()
		if u.Scheme == "https" {
			r.ALPN = []string{"h2", "http/1.1"}
		}
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		r.IP = ip
		r.SNI = "" // RFC 6066: no literal addresses
	}
	return r, nil
}

// AddHeader reads a header as curl takes it, "name: value".
func (r *Request) AddHeader(text string) error {
	name, value, ok := strings.Cut(text, ":")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || name == "" {
		return fmt.Errorf("reading the header %q: expected name:value", text)
	}
	value = strings.TrimSpace(value)
	switch {
	case name == "host":
		r.Host = value
	case r.Headers[name] != "":
		r.Headers[name] += "," + value
	default:
		r.Headers[name] = value
	}
	return nil
}

// isTCP tells of connections that no HTTP is spoken on, as far as the user said.
func (r Request) isTCP() bool { return r.Scheme == "tcp" || r.Scheme == "tls" }

// header gives a header, those that HTTP/2 writes with a colon included.
func (r Request) header(name string) (string, bool) {
	switch name = strings.ToLower(name); name {
	case ":path":
		return r.Path, true
	case ":method":
		return r.Method, true
	case ":authority", "host":
		return r.Host, true
	case ":scheme":
		return strings.Replace(r.Scheme, "grpc", "http", 1), true
	}
	value, ok := r.Headers[name]
	return value, ok
}

// hostname is the host without the port.
func (r Request) hostname() string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return strings.Trim(r.Host, "[]")
}

// pathOnly is the path without query and fragment, which is what routes match.
func (r Request) pathOnly() string {
	if at := strings.IndexAny(r.Path, "?#"); at >= 0 {
		return r.Path[:at]
	}
	return r.Path
}

func (r Request) query() url.Values {
	_, query, _ := strings.Cut(r.Path, "?")
	query, _, _ = strings.Cut(query, "#")
	values, _ := url.ParseQuery(query)
	return values
}
