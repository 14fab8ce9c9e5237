package diff

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// meaningOfSecret replaces certificates by what they say. A certificate that was
// renewed says the same as before, only serial number, times and key differ; a
// certificate authority is its key.
func meaningOfSecret(n *node) {
	for i := range n.members {
		m := &n.members[i]
		switch m.name {
		case "inline_bytes", "inline_string":
			if text, ok := meaning(m.name, m.value.text()); ok {
				raw, err := json.Marshal(text)
				if err == nil {
					m.value = &node{kind: '[', raw: raw, items: scalars(text)}
				}
			}
		default:
			meaningOfSecret(m.value)
		}
	}
	for _, item := range n.items {
		meaningOfSecret(item)
	}
}

// meaning describes the certificates in a field, one a line.
func meaning(field, text string) ([]string, bool) {
	data := []byte(text)
	if field == "inline_bytes" {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, false
		}
		data = decoded
	}
	var out []string
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return out, len(out) > 0
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, false
		}
		out = append(out, describe(cert))
	}
}

func describe(cert *x509.Certificate) string {
	if cert.IsCA {
		key := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
		return "CA " + cert.Subject.String() + " key " + hex.EncodeToString(key[:8])
	}
	names := slices.Concat(cert.DNSNames, cert.EmailAddresses)
	for _, uri := range cert.URIs {
		names = append(names, uri.String())
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return "certificate of " + strings.Join(names, ", ") + " subject " + cert.Subject.String() + " by " + cert.Issuer.String()
}

func scalars(texts []string) []*node {
	out := make([]*node, len(texts))
	for i, text := range texts {
		raw, _ := jsontext.AppendQuote(nil, text)
		out[i] = &node{kind: '"', raw: raw}
	}
	return out
}
