package install

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// certificateWarning is how long before its end a CA certificate is warned of.
const certificateWarning = 30 * 24 * time.Hour

// checkCertificates looks at the end of the CA's certificate. Only the public
// part is read out of the Secret.
func checkCertificates(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	var found []CheckResult
	for _, name := range []string{"cacerts", "istio-ca-secret"} {
		s, err := r.cluster.Get(ctx, schema.GroupKind{Kind: "Secret"}, r.options.Namespace, name)
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		content, err := s.Map()
		if err != nil {
			return nil, err
		}
		id := "Secret " + s.Namespace + "/" + s.Name
		for _, key := range []string{"ca-cert.pem", "root-cert.pem"} {
			encoded := lookupString(content, "data", key)
			if encoded == "" {
				continue
			}
			expiry, err := bundleExpiry(encoded)
			result := CheckResult{Status: OK, Resource: id, Message: fmt.Sprintf("%s is valid until %s", key, expiry.Format(time.DateOnly))}
			switch {
			case err != nil:
				result.Status, result.Message = Warn, fmt.Sprintf("%s cannot be read: %v", key, err)
			case expiry.Before(r.options.Now):
				result.Status, result.Message = Fail, fmt.Sprintf("%s expired on %s", key, expiry.Format(time.DateOnly))
				result.Hint = "renew the CA: proxies get no certificates any more"
			case expiry.Before(r.options.Now.Add(certificateWarning)):
				result.Status, result.Message = Warn, fmt.Sprintf("%s ends on %s", key, expiry.Format(time.DateOnly))
				result.Hint = "plan the renewal of the CA"
			}
			found = append(found, result)
		}
	}
	if found == nil {
		return []CheckResult{{Status: Skipped, Message: "no CA certificate of istiod is found; an external CA may be in use"}}, nil
	}
	return found, nil
}

// bundleExpiry gives the latest end of the certificates in base64 PEM.
func bundleExpiry(encoded string) (time.Time, error) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return time.Time{}, fmt.Errorf("decoding base64: %w", err)
	}
	var latest time.Time
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, fmt.Errorf("parsing a certificate: %w", err)
		}
		if cert.NotAfter.After(latest) {
			latest = cert.NotAfter
		}
	}
	if latest.IsZero() {
		return latest, fmt.Errorf("it holds no certificate")
	}
	return latest, nil
}
