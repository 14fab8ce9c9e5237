package install

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// proxyAnswerTime bounds the question to one proxy.
	proxyAnswerTime = 5 * time.Second
	// proxyCertificateWarning is how long before its end a proxy's certificate
	// should have been renewed: it lives for a day and is renewed halfway.
	proxyCertificateWarning = time.Hour
)

// ProxyCertificate is a certificate in a running proxy.
type ProxyCertificate struct {
	Name    string // of the identity, or the subject
	Expires time.Time
}

// checkProxyCertificates asks a sample of the proxies for their certificates: a
// mesh has too many to ask all, and one that is not renewed has often company.
func checkProxyCertificates(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	if r.options.Proxies == nil || r.options.Sample <= 0 || len(r.revisions.Proxies) == 0 {
		return nil, nil
	}
	sample := spread(r.revisions.Proxies, r.options.Sample)
	results := make([]*CheckResult, len(sample))
	var group errgroup.Group
	group.SetLimit(requestsAtOnce)
	for i, p := range sample {
		group.Go(func() error {
			results[i] = r.proxyCertificate(ctx, p)
			return nil
		})
	}
	_ = group.Wait() // failures are results
	var found []CheckResult
	for _, result := range results {
		if result != nil {
			found = append(found, *result)
		}
	}
	if found == nil {
		return ok("the certificates of %d proxies (of %d) are valid", len(sample), len(r.revisions.Proxies)), nil
	}
	return found, nil
}

// proxyCertificate judges the certificates of one proxy, nil if all is well.
func (r *checkRun) proxyCertificate(ctx context.Context, p Proxy) *CheckResult {
	ctx, cancel := context.WithTimeout(ctx, proxyAnswerTime)
	defer cancel()
	result := &CheckResult{Resource: "Pod " + p.Namespace + "/" + p.Pod}
	certificates, err := r.options.Proxies.Certificates(ctx, p.Namespace, p.Pod)
	if err != nil {
		result.Status, result.Message = Skipped, fmt.Sprintf("its proxy cannot be asked for its certificates: %v", err)
		return result
	}
	if len(certificates) == 0 {
		result.Status, result.Message = Warn, "its proxy has no certificate"
		result.Hint = "it cannot speak mutual TLS: the log of its container istio-proxy says why"
		return result
	}
	for _, c := range certificates {
		left := c.Expires.Sub(r.options.Now)
		switch {
		case left <= 0:
			result.Status = Fail
			result.Message = fmt.Sprintf("the certificate of its proxy (%s) expired at %s", c.Name, c.Expires.UTC().Format(time.DateTime))
			result.Hint = "its peers refuse it: restart the pod; the log of its container istio-proxy says why it was not renewed"
			return result
		case left < proxyCertificateWarning:
			result.Status = Warn
			result.Message = fmt.Sprintf("the certificate of its proxy (%s) ends in %s and was not renewed", c.Name, left.Round(time.Minute))
			result.Hint = "istiod may not sign any more: look at the logs of istiod and of its container istio-proxy"
		}
	}
	if result.Status == "" {
		return nil
	}
	return result
}

// spread picks some of the proxies, evenly over all.
func spread(proxies []Proxy, n int) []Proxy {
	if len(proxies) <= n {
		return proxies
	}
	sample := make([]Proxy, n)
	for i := range sample {
		sample[i] = proxies[i*len(proxies)/n]
	}
	return sample
}
