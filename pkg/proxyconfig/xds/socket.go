package xds

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Socket is config.core.v3.TransportSocket, with the fields of an upstream and of a
// downstream TLS context that say who must prove what to whom.
type Socket struct {
	Name  string `json:"name"`
	Typed struct {
		Type          string `json:"@type"`
		SNI           string `json:"sni"`
		RequireClient bool   `json:"require_client_certificate"`
		Common        struct {
			ALPN       []string    `json:"alpn_protocols"`
			Validation *Validation `json:"validation_context"`
			Discovered *struct {
				Name string `json:"name"`
			} `json:"validation_context_sds_secret_config"`
			Combined *struct {
				Default    Validation `json:"default_validation_context"`
				Discovered *struct {
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

// Validation is the part of a CertificateValidationContext that names the other side.
type Validation struct {
	CA       jsontext.Value  `json:"trusted_ca"`
	Names    []StringMatcher `json:"match_subject_alt_names"`
	Typed    []SAN           `json:"match_typed_subject_alt_names"`
	OldNames []string        `json:"verify_subject_alt_name"` // v2
}

// SAN is a SubjectAltNameMatcher.
type SAN struct {
	Type    Text          `json:"san_type"`
	Matcher StringMatcher `json:"matcher"`
}

// validation is what the socket checks by itself, without what it gets by discovery.
func (s *Socket) validation() Validation {
	switch common := s.Typed.Common; {
	case common.Combined != nil:
		return common.Combined.Default
	case common.Validation != nil:
		return *common.Validation
	}
	return Validation{}
}

// Verifies tells whether the socket checks by whom the certificate of the other side is
// signed.
func (s *Socket) Verifies() bool {
	common := s.Typed.Common
	return common.Discovered != nil || common.Combined != nil || s.validation().CA != nil
}

// Expects lists the names of which the other side must prove one.
func (s *Socket) Expects() []string {
	v := s.validation()
	names := slices.Clone(v.OldNames)
	matchers := slices.Clone(v.Names)
	for _, san := range v.Typed {
		matchers = append(matchers, san.Matcher)
	}
	for _, m := range matchers {
		switch {
		case m.Exact != nil:
			names = append(names, *m.Exact)
		case m.Prefix != nil:
			names = append(names, *m.Prefix+"*")
		case m.Suffix != nil:
			names = append(names, "*"+*m.Suffix)
		case m.Contains != nil:
			names = append(names, "*"+*m.Contains+"*")
		case m.Regex != nil:
			names = append(names, "/"+m.Regex.Regex+"/")
		}
	}
	return names
}
