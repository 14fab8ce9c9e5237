package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// keys are the files that the control plane authenticates itself and others
// with. They live as long as the lab.
type keys struct {
	ca, serverCert, serverKey string // paths, PEM
	serviceAccount            string // path of the private key that signs service account tokens
	tokens                    string // path of the token file of the API server
	adminToken                string
	caPEM                     []byte
}

// newKeys makes the keys of a lab in dir.
func newKeys(dir string) (*keys, error) {
	k := &keys{
		ca:             filepath.Join(dir, "ca.crt"),
		serverCert:     filepath.Join(dir, "server.crt"),
		serverKey:      filepath.Join(dir, "server.key"),
		serviceAccount: filepath.Join(dir, "service-account.key"),
		tokens:         filepath.Join(dir, "tokens.csv"),
	}
	if err := k.make(); err != nil {
		return nil, fmt.Errorf("making the keys of the lab in %s: %w", dir, err)
	}
	return k, nil
}

func (k *keys) make() error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	accountKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	// The clock of a lab may be set back a little while it runs.
	notBefore, notAfter := time.Now().Add(-time.Hour), time.Now().Add(7*24*time.Hour)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"},
		NotBefore: notBefore, NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return err
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "lab server"},
		NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, ca, &serverKey.PublicKey, caKey)
	if err != nil {
		return err
	}
	secret := make([]byte, 24)
	rand.Read(secret)
	k.adminToken = hex.EncodeToString(secret)
	k.caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	serverPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serverDER})

	for path, content := range map[string][]byte{
		k.ca:         k.caPEM,
		k.serverCert: serverPEM,
		k.tokens:     []byte(k.adminToken + ",lab-admin,lab-admin,system:masters\n"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	if err := writeKey(k.serverKey, serverKey); err != nil {
		return err
	}
	return writeKey(k.serviceAccount, accountKey)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}
