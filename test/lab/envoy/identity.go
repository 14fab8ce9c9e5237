package envoy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
	securityv1alpha1 "istio.io/api/security/v1alpha1"
)

// Authority is how istiod's certificate authority is reached.
type Authority struct {
	Dial    func(context.Context) (net.Conn, error)
	TLS     *tls.Config
	Headers map[string]string // the token of the caller
}

// Certify has the authority sign a key for a SPIFFE URI and returns what an
// agent hands to its proxy: the secrets "default" and "ROOTCA". A ztunnel asks
// on behalf of others, a workload for itself.
func (a Authority) Certify(ctx context.Context, spiffe string, onBehalf bool) ([]*tlsv3.Secret, error) {
	id, err := url.Parse(spiffe)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", spiffe, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", spiffe, err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{}, URIs: []*url.URL{id}}, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", spiffe, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", spiffe, err)
	}
	connection, err := grpc.NewClient("passthrough:///istiod",
		grpc.WithTransportCredentials(credentials.NewTLS(a.TLS)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return a.Dial(ctx) }))
	if err != nil {
		return nil, fmt.Errorf("connecting to the certificate authority: %w", err)
	}
	defer connection.Close()
	signing := &securityv1alpha1.IstioCertificateRequest{
		Csr:              string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})),
		ValidityDuration: 24 * 60 * 60, // seconds
	}
	if onBehalf {
		signing.Metadata = &structpb.Struct{Fields: map[string]*structpb.Value{"ImpersonatedIdentity": structpb.NewStringValue(spiffe)}}
	}
	answer, err := securityv1alpha1.NewIstioCertificateServiceClient(connection).CreateCertificate(
		metadata.NewOutgoingContext(ctx, metadata.New(a.Headers)), signing)
	if err != nil {
		return nil, fmt.Errorf("having %s certified: %w", spiffe, err)
	}
	chain := answer.GetCertChain()
	if len(chain) < 2 {
		return nil, fmt.Errorf("having %s certified: the answer holds %d certificates, not a chain with its root", spiffe, len(chain))
	}
	root := chain[len(chain)-1]
	return []*tlsv3.Secret{
		{
			Name: ownSecret,
			Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
				CertificateChain: inline(strings.Join(chain[:len(chain)-1], "")),
				PrivateKey:       inline(string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))),
			}},
		},
		{
			Name: rootSecret,
			Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
				TrustedCa: inline(root),
			}},
		},
	}, nil
}

func inline(text string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: []byte(text)}}
}
