package istiod

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// One question and one answer in gRPC do not need its library, which would add several
// megabytes to the program: a message is five bytes of length before a protobuf.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

// debugType is the type URL under which istiod sends its debug pages.
const debugType = "istio.io/debug"

// debugRequest is a service.discovery.v3.DiscoveryRequest for a debug page. Who asks is one
// of the types of proxy that istiod accepts, in the namespace of the token, without a name,
// so that it does not show up as a proxy in anybody's table.
func debugRequest(namespace, page string) []byte {
	const node, resourceNames, typeURL, nodeID = 2, 3, 4, 1
	id := protowire.AppendTag(nil, nodeID, protowire.BytesType)
	id = protowire.AppendString(id, "sidecar~127.0.0.1~~"+namespace+".svc.cluster.local")
	out := protowire.AppendTag(nil, node, protowire.BytesType)
	out = protowire.AppendBytes(out, id)
	out = protowire.AppendTag(out, resourceNames, protowire.BytesType)
	out = protowire.AppendString(out, page)
	out = protowire.AppendTag(out, typeURL, protowire.BytesType)
	return protowire.AppendString(out, debugType)
}

// debugAnswer takes the page out of a service.discovery.v3.DiscoveryResponse.
func debugAnswer(message []byte) ([]byte, error) {
	const resources, anyValue = 2, 2
	resource, ok := field(message, resources)
	if !ok {
		return nil, errors.New("istiod answers without a page")
	}
	page, _ := field(resource, anyValue)
	return page, pageProblem(string(page))
}

// PageError says that an istiod answered that there is no such page.
type PageError struct {
	Status int // of HTTP
	text   string
}

// Error quotes the answer.
func (e *PageError) Error() string { return fmt.Sprintf("istiod answers %d: %s", e.Status, e.text) }

// pageProblem finds out whether a page says that there is none: of a failed request istiod
// sends the text as if it were the page, some versions with the status as JSON before it.
func pageProblem(text string) error {
	if strings.HasPrefix(text, `{"statusCode":"`) {
		var failed struct{ StatusCode string }
		d := json.NewDecoder(strings.NewReader(text))
		if d.Decode(&failed) == nil && failed.StatusCode != strconv.Itoa(http.StatusOK) {
			status, _ := strconv.Atoi(failed.StatusCode)
			return &PageError{status, strings.TrimSpace(text[d.InputOffset():])}
		}
	}
	for begin, status := range map[string]int{
		"404 page not found":          http.StatusNotFound,
		"Proxy not connected to this": http.StatusNotFound,
		"You must provide a proxyID":  http.StatusBadRequest,
		"Failed to parse request":     http.StatusBadRequest,
	} {
		if strings.HasPrefix(text, begin) {
			return &PageError{status, strings.TrimSpace(text)}
		}
	}
	return nil
}

// field finds the first value of a field of bytes in a protobuf message.
func field(message []byte, wanted protowire.Number) ([]byte, bool) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, false
		}
		message = message[n:]
		if number == wanted && kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			return value, n >= 0
		}
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return nil, false
		}
		message = message[n:]
	}
	return nil, false
}

// frame puts the length before a message.
func frame(message []byte) []byte {
	out := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(out, message...)
}

// longestAnswer bounds what is taken from an istiod: a dump of a proxy can have a hundred
// megabytes.
const longestAnswer = 1 << 30

// readFrame reads one message.
func readFrame(r io.Reader) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	switch {
	case head[0] != 0:
		return nil, errors.New("istiod answers compressed, which was not asked for")
	case length > longestAnswer:
		return nil, fmt.Errorf("istiod answers with %d bytes, more than is taken", length)
	}
	message := make([]byte, 0, min(length, 1<<20))
	buffer := make([]byte, 64<<10)
	for uint32(len(message)) < length {
		n, err := r.Read(buffer[:min(uint32(len(buffer)), length-uint32(len(message)))])
		message = append(message, buffer[:n]...)
		if err != nil && uint32(len(message)) < length {
			return nil, fmt.Errorf("reading the answer of istiod: %w", err)
		}
	}
	return message, nil
}

// grpcError is the status with which a stream ended without an answer.
func grpcError(answer *http.Response) error {
	status, text := answer.Trailer.Get("Grpc-Status"), answer.Trailer.Get("Grpc-Message")
	if status == "" { // a stream that ends at once has it among the headers
		status, text = answer.Header.Get("Grpc-Status"), answer.Header.Get("Grpc-Message")
	}
	if plain, err := url.PathUnescape(text); err == nil {
		text = plain
	}
	code, err := strconv.Atoi(status)
	switch {
	case err != nil:
		return fmt.Errorf("istiod answers %s and nothing else", answer.Status)
	case code == 16 || code == 7: // UNAUTHENTICATED, PERMISSION_DENIED
		return fmt.Errorf("istiod does not accept the token: %s", text)
	}
	return fmt.Errorf("istiod ends with status %d: %s", code, text)
}
