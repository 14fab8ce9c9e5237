package xds

import "strings"

// Socket is config.core.v3.TransportSocket, with the fields of an upstream and of a
// downstream TLS context that say who must prove what to whom.
type Socket struct {
	Name  string `json:"name"`
	Typed struct {
		Type          string `json:"@type"`
		SNI           string `json:"sni"`
		RequireClient bool   `json:"require_client_certificate"`
		Common        struct {
			ALPN     []string `json:"alpn_protocols"`
			Combined struct {
				Default struct {
					Names []StringMatcher `json:"match_subject_alt_names"`
				} `json:"default_validation_context"`
				Discovery *struct {
					Name string `json:"name"`
				} `json:"validation_context_sds_secret_config"`
			} `json:"combined_validation_context"`
			Certificates []struct {
				Name string `json:"name"`
			} `json:"tls_certificate_sds_secret_configs"`
		} `json:"common_tls_context"`
	} `json:"typed_config"`
}

// IsTLS tells whether the socket encrypts.
func (s *Socket) IsTLS() bool {
	return s != nil && (strings.Contains(s.Name, "tls") || strings.Contains(s.Typed.Type, "TlsContext"))
}

// IsMutual tells whether the socket shows a certificate to the other side.
func (s *Socket) IsMutual() bool {
	return s.IsTLS() && len(s.Typed.Common.Certificates) > 0
}
