package xds

import (
	"net"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Metadata is config.core.v3.Metadata, of which Istio fills filter_metadata.istio.
type Metadata struct {
	Filter struct {
		Istio Istio `json:"istio"`
	} `json:"filter_metadata"`
}

// Istio is what istiod notes about the origin of a resource.
type Istio struct {
	// Config is the path of the object that caused the resource, such as
	// /apis/networking.istio.io/v1/namespaces/shop/virtual-service/reviews.
	Config Text `json:"config"`
	// Services are the services behind a cluster.
	Services []struct {
		Namespace Text `json:"namespace"`
		Name      Text `json:"name"`
	} `json:"services"`
}

// Address is config.core.v3.Address.
type Address struct {
	Socket *struct {
		Protocol  Text   `json:"protocol"`
		Address   string `json:"address"`
		Port      Uint   `json:"port_value"`
		NamedPort Text   `json:"named_port"`
	} `json:"socket_address"`
	Pipe *struct {
		Path string `json:"path"`
	} `json:"pipe"`
	Internal *struct {
		Listener string `json:"server_listener_name"`
		Endpoint string `json:"endpoint_id"`
	} `json:"envoy_internal_address"`
}

// Host is the address without the port: an IP, a path or the name of an internal
// listener.
func (a Address) Host() string {
	switch {
	case a.Socket != nil:
		return a.Socket.Address
	case a.Pipe != nil:
		return a.Pipe.Path
	}
	return ""
}

// Port is the number of the port, 0 if there is none.
func (a Address) Port() int {
	if a.Socket == nil {
		return 0
	}
	return int(a.Socket.Port)
}

// String is address and port in the form that the tables show.
func (a Address) String() string {
	switch {
	case a.Socket != nil:
		return a.Socket.Address + ":" + strconv.Itoa(a.Port())
	case a.Pipe != nil:
		return a.Pipe.Path
	case a.Internal != nil && a.Internal.Listener != "":
		return "envoy://" + a.Internal.Listener + "/" + a.Internal.Endpoint
	}
	return "unknown"
}

// HostPort is String with an IPv6 address in brackets.
func (a Address) HostPort() string {
	if a.Socket != nil {
		return net.JoinHostPort(a.Socket.Address, strconv.Itoa(a.Port()))
	}
	return a.String()
}

// Locality is config.core.v3.Locality.
type Locality struct {
	Region  string `json:"region"`
	Zone    string `json:"zone"`
	SubZone string `json:"sub_zone"`
}

// String is region/zone/subzone, without what is missing at the end.
func (l Locality) String() string {
	switch {
	case l.Zone == "":
		return l.Region
	case l.SubZone == "":
		return l.Region + "/" + l.Zone
	}
	return l.Region + "/" + l.Zone + "/" + l.SubZone
}

// Any is an extension: a type and its fields, still as they were written.
type Any struct {
	// Type is the name of the message; of a TypedStruct, the name that it stands for.
	Type string
	// URL is the type as it was written.
	URL string
	Raw jsontext.Value
}

// UnmarshalJSON notes the type and keeps the text.
func (a *Any) UnmarshalJSON(raw []byte) error {
	a.Raw = append(jsontext.Value(nil), raw...)
	var typed struct {
		Type  string `json:"@type"`
		Inner string `json:"type_url"`
	}
	if err := Decode(raw, &typed); err != nil {
		return err
	}
	a.URL = typed.Type
	a.Type = ShortType(typed.Type)
	if a.Type == "udpa.type.v1.TypedStruct" || a.Type == "xds.type.v3.TypedStruct" {
		a.Type = ShortType(typed.Inner)
	}
	return nil
}

// ShortType takes the host off a type URL.
func ShortType(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }
