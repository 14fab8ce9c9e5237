package xds

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Names of the network filters that decide where a connection goes, as Envoy knows
// them today and as it did until 1.16.
const (
	filterHTTP = "envoy.filters.network.http_connection_manager"
	filterTCP  = "envoy.filters.network.tcp_proxy"
	filterRBAC = "envoy.filters.network.rbac"
)

// Listener is config.listener.v3.Listener.
type Listener struct {
	Name       string  `json:"name"`
	Address    Address `json:"address"`
	Additional []struct {
		Address Address `json:"address"`
	} `json:"additional_addresses"`
	Chains       []FilterChain  `json:"filter_chains"`
	DefaultChain *FilterChain   `json:"default_filter_chain"`
	Metadata     Metadata       `json:"metadata"`
	Direction    Text           `json:"traffic_direction"`
	OriginalDst  bool           `json:"use_original_dst"`
	Matcher      jsontext.Value `json:"filter_chain_matcher"`
	BindToPort   *bool          `json:"bind_to_port"`
}

// AllAddresses are the address of the listener and the additional ones.
func (l Listener) AllAddresses() []Address {
	out := []Address{l.Address}
	for _, more := range l.Additional {
		out = append(out, more.Address)
	}
	return out
}

// AllChains are the filter chains, the default one last.
func (l Listener) AllChains() []FilterChain {
	if l.DefaultChain == nil {
		return l.Chains
	}
	return append(l.Chains[:len(l.Chains):len(l.Chains)], *l.DefaultChain)
}

// FilterChain is config.listener.v3.FilterChain.
type FilterChain struct {
	Name     string         `json:"name"`
	Match    ChainMatch     `json:"filter_chain_match"`
	Filters  []Filter       `json:"filters"`
	TLS      jsontext.Value `json:"transport_socket"`
	Metadata Metadata       `json:"metadata"`
}

// Socket decodes the transport socket of the chain, nil if it has none.
func (c FilterChain) Socket() *Socket {
	var s Socket
	if c.TLS == nil || Decode(c.TLS, &s) != nil {
		return nil
	}
	return &s
}

// ChainMatch is config.listener.v3.FilterChainMatch.
type ChainMatch struct {
	Port         *Uint    `json:"destination_port"`
	Ranges       []CIDR   `json:"prefix_ranges"`
	ServerNames  []string `json:"server_names"`
	Transport    string   `json:"transport_protocol"`
	Applications []string `json:"application_protocols"`
	SourceType   Text     `json:"source_type"`
	SourceRanges []CIDR   `json:"source_prefix_ranges"`
	DirectSource []CIDR   `json:"direct_source_prefix_ranges"`
	SourcePorts  []Uint   `json:"source_ports"`
}

// CIDR is config.core.v3.CidrRange.
type CIDR struct {
	Prefix string `json:"address_prefix"`
	Len    Uint   `json:"prefix_len"`
}

// Filter is a network filter.
type Filter struct {
	Name   string         `json:"name"`
	Typed  jsontext.Value `json:"typed_config"`
	Struct jsontext.Value `json:"config"` // until Envoy 1.16
}

// Config is what the filter is configured with, whichever field it stands in.
func (f Filter) Config() jsontext.Value {
	if f.Typed != nil {
		return f.Typed
	}
	return f.Struct
}

// IsHTTP tells whether the filter is a connection manager.
func (f Filter) IsHTTP() bool {
	return f.Name == filterHTTP || f.Name == "envoy.http_connection_manager"
}

// IsTCP tells whether the filter is a TCP proxy.
func (f Filter) IsTCP() bool { return f.Name == filterTCP || f.Name == "envoy.tcp_proxy" }

// IsRBAC tells whether the filter decides who may connect.
func (f Filter) IsRBAC() bool { return f.Name == filterRBAC }

// IsBlackHole tells whether the filter sends to istiod's cluster for refused traffic.
func (f Filter) IsBlackHole() bool { return bytes.Contains(f.Config(), []byte("BlackHoleCluster")) }
