package validation

import (
	"errors"
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
)

// headerKind says which bytes besides letters and digits a header's name may
// have at some place.
type headerKind string

const (
	anyHeader    headerKind = "!#$%&'*+-.^_`|~" // RFC 9110, section 5.6.2
	claimsHeader headerKind = "-_"              // for claims of a token
	probeHeader  headerKind = "-"               // as for Kubernetes' probes
)

func headerName(name string, kind headerKind) error {
	if name == "" {
		return errors.New("the name of a header is empty")
	}
	for i := range len(name) {
		if c := name[i]; !isAlphanumeric(c) && strings.IndexByte(string(kind), c) < 0 {
			return fmt.Errorf("%q is not the name of a header", name)
		}
	}
	return nil
}

// matchedHeader checks the name of a header to match: a real one, a pseudo
// header of HTTP/2, or a claim of the request's token.
func matchedHeader(name string) error {
	switch name {
	case ":method", ":scheme", ":authority", ":path", ":status":
		return nil
	}
	if istio.IsJWTClaim(name) {
		return nil
	}
	return headerName(name, anyHeader)
}

// headers checks what is done to the headers of request and response.
func (c *checker) headers(at *place, headers *networking.Headers) {
	if request := headers.GetRequest(); request != nil {
		at := at.Child("request")
		c.headerValues(at.Child("add"), request.Add, requestHeader)
		c.headerValues(at.Child("set"), request.Set, requestHeader)
		c.removedHeaders(at, request.Remove)
	}
	if response := headers.GetResponse(); response != nil {
		at := at.Child("response")
		c.headerValues(at.Child("add"), response.Add, plainHeader)
		c.headerValues(at.Child("set"), response.Set, plainHeader)
		c.removedHeaders(at, response.Remove)
	}
}

func (c *checker) headerValues(at *place, values map[string]string, checkName func(string) error) {
	for _, name := range sortedKeys(values) {
		c.must(at.Child(name), checkName(name))
		c.must(at.Child(name), headerValue(values[name]))
	}
}

func (c *checker) removedHeaders(at *place, names []string) {
	for i, name := range names {
		c.must(item(at, "remove", i), plainHeader(name))
	}
}

// requestHeader checks a header that is added to or set in a request. The
// host may be set, other pseudo headers not.
func requestHeader(name string) error {
	if isAuthority(name) {
		return nil
	}
	return plainHeader(name)
}

// plainHeader refuses the host and HTTP/2's pseudo headers.
func plainHeader(name string) error {
	switch {
	case name == "":
		return errors.New("the name of a header is empty")
	case strings.EqualFold(name, "host"), strings.HasPrefix(name, ":"):
		return fmt.Errorf("the header %q cannot be changed here", name)
	}
	return nil
}

func isAuthority(header string) bool {
	return strings.EqualFold(header, ":authority") || strings.EqualFold(header, "host")
}
