package proxyconfig

import (
	"encoding/pem"
	"errors"
	"slices"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// rootSecret is the name under which Istio's agent serves the trusted authorities.
const rootSecret = "ROOTCA"

// SameRootCA tells whether two proxies trust a common authority: without one, neither
// takes the other's certificate.
func SameRootCA(a, b *dump.Dump) (bool, error) {
	left, err := rootCAs(a)
	if err != nil {
		return false, err
	}
	right, err := rootCAs(b)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(left, func(cert string) bool { return slices.Contains(right, cert) }), nil
}

// rootCAs gives the certificates of the trusted authorities, in DER.
func rootCAs(d *dump.Dump) ([]string, error) {
	if err := d.Need(dump.Secrets); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range inUse(d, dump.Secrets) {
		if r.Name() != rootSecret {
			continue
		}
		var s xds.Secret
		if err := xds.Decode(r.Body, &s); err != nil {
			return nil, inResource(r, err)
		}
		texts := [][]byte{s.Validation.CA.Inline()}
		for _, domain := range s.Validation.Custom.Typed.Domains {
			texts = append(texts, domain.Bundle.Inline())
		}
		for _, text := range texts {
			for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
				out = append(out, string(block.Bytes))
			}
		}
	}
	if out == nil {
		return nil, errors.New("the proxy has no secret ROOTCA: it does not take part in mutual TLS")
	}
	return out, nil
}
