package xds

import (
	"bytes"
	"fmt"
	"strings"
)

// Object names an Istio object by kind, namespace and name.
type Object struct{ Kind, Namespace, Name string }

// ParseObject reads Kind/namespace/name; the kind in any spelling, such as
// VirtualService, virtual-service or virtualservice.
func ParseObject(text string) (Object, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Object{}, fmt.Errorf("reading %q: expected Kind/namespace/name, such as VirtualService/shop/catalog", text)
	}
	return Object{Kind: foldKind(parts[0]), Namespace: parts[1], Name: parts[2]}, nil
}

// ObjectOfPath reads the path that istiod notes in the metadata of a resource:
// /apis/networking.istio.io/v1/namespaces/shop/virtual-service/catalog.
func ObjectOfPath(path string) (Object, bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 8 || parts[4] != "namespaces" {
		return Object{}, false
	}
	return Object{Kind: foldKind(parts[6]), Namespace: parts[5], Name: parts[7]}, true
}

// String is Kind/namespace/name.
func (o Object) String() string { return o.Kind + "/" + o.Namespace + "/" + o.Name }

// foldKind brings kinds into one spelling: virtual-service becomes VirtualService.
func foldKind(kind string) string {
	switch folded := strings.ToLower(strings.ReplaceAll(kind, "-", "")); strings.TrimSuffix(folded, "s") {
	case "virtualservice", "v":
		return "VirtualService"
	case "destinationrule", "dr":
		return "DestinationRule"
	case "serviceentry", "serviceentrie", "se":
		return "ServiceEntry"
	case "gateway", "gw":
		return "Gateway"
	case "httproute":
		return "HTTPRoute"
	case "envoyfilter":
		return "EnvoyFilter"
	case "authorizationpolicy", "authorizationpolicie":
		return "AuthorizationPolicy"
	case "sidecar":
		return "Sidecar"
	}
	return kind
}

// Mentions tells whether a resource carries the path of an object. A look at the
// text is enough: the path is the same wherever istiod notes it.
func Mentions(body []byte, o Object) bool {
	from := 0
	for {
		at := bytes.Index(body[from:], []byte(`"/apis/`))
		if at < 0 {
			return false
		}
		from += at + 1
		end := bytes.IndexByte(body[from:], '"')
		if end < 0 {
			return false
		}
		if found, ok := ObjectOfPath(string(body[from : from+end])); ok && found == o {
			return true
		}
		from += end + 1
	}
}
