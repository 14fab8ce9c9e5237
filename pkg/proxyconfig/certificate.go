package proxyconfig

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// certificate is the first certificate of a secret, and how many come with it.
type certificate struct {
	name, state string
	kind        string // CA or Cert Chain
	serial      string
	trustDomain string
	leaf        *x509.Certificate // nil if there is none, or none that can be read
	chain       int
}

// certificates lists what a secret holds: a chain, trusted authorities, or a bundle
// of them for each trust domain.
func certificates(s xds.Secret) []certificate {
	if chain := s.Certificate.Chain.Inline(); len(chain) > 0 {
		return []certificate{parseCertificate(chain, "")}
	}
	if ca := s.Validation.CA.Inline(); len(ca) > 0 {
		return []certificate{parseCertificate(ca, "")}
	}
	var out []certificate
	for _, domain := range s.Validation.Custom.Typed.Domains {
		out = append(out, parseCertificate(domain.Bundle.Inline(), domain.Name))
	}
	if out == nil {
		out = append(out, certificate{})
	}
	return out
}

func parseCertificate(text []byte, trustDomain string) certificate {
	var c certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if c.chain++; c.chain > 1 {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return certificate{}
		}
		c.leaf, c.kind, c.trustDomain = leaf, "Cert Chain", trustDomain
		if leaf.IsCA {
			c.kind = "CA"
		}
		c.serial = fmt.Sprintf("%032x", leaf.SerialNumber)
		for _, uri := range leaf.URIs {
			if uri.Scheme == "spiffe" && c.trustDomain == "" {
				c.trustDomain = uri.Host
			}
		}
	}
	return c
}

func (c certificate) validAt(now time.Time) bool {
	return c.leaf != nil && now.After(c.leaf.NotBefore) && now.Before(c.leaf.NotAfter)
}

func (c certificate) notAfter() string {
	if c.leaf == nil {
		return ""
	}
	return c.leaf.NotAfter.Format(time.RFC3339)
}

func (c certificate) notBefore() string {
	if c.leaf == nil {
		return ""
	}
	return c.leaf.NotBefore.Format(time.RFC3339)
}

// names are the subject alternative names.
func (c certificate) names() []string {
	var out []string
	for _, uri := range c.leaf.URIs {
		out = append(out, uri.String())
	}
	out = append(out, c.leaf.DNSNames...)
	for _, ip := range c.leaf.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}
