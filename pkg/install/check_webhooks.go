package install

import (
	"context"
	"fmt"
	"time"
)

// checkWebhooks looks whether the webhooks of the mesh reach somebody, and
// whether the certificate that they trust is valid.
func checkWebhooks(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	hooks, err := r.cluster.List(ctx, clusterKinds()[:2], revisionLabel)
	if err != nil {
		return nil, err
	}
	alive, err := readyServices(ctx, r.cluster)
	if err != nil {
		return nil, err
	}
	var found []CheckResult
	for _, live := range hooks {
		o, err := liveObject(live)
		if err != nil {
			return nil, err
		}
		found = append(found, webhookProblems(o, alive, r.options.Now)...)
	}
	if found == nil {
		if len(hooks) == 0 {
			return ok("no webhook of a mesh stands in the way"), nil
		}
		return ok("%d webhook configurations reach a ready control plane", len(hooks)), nil
	}
	return found, nil
}

func webhookProblems(o *Object, alive map[string]bool, now time.Time) []CheckResult {
	service := webhookService(o.content)
	if service != "" && !alive[service] {
		return []CheckResult{{Status: Fail, Code: "IST0139", Resource: o.ID(),
			Message: fmt.Sprintf("it sends requests to Service %s, which has no ready pod", service),
			Hint:    "new pods and configuration may be refused: start the control plane, or remove what is left of it by meshctl prune"}}
	}
	for _, m := range lookupMaps(o.content, "webhooks") {
		bundle := lookupString(m, "clientConfig", "caBundle")
		if bundle == "" {
			if service == "" {
				continue // a URL may have a certificate that everybody trusts
			}
			return []CheckResult{{Status: Fail, Resource: o.ID(),
				Message: "it has no CA bundle: istiod has not filled it in", Hint: "look at istiod's log for the reason"}}
		}
		if expiry, err := bundleExpiry(bundle); err != nil {
			return []CheckResult{{Status: Fail, Resource: o.ID(), Message: "its CA bundle cannot be read: " + err.Error(),
				Hint: "delete the field caBundle; istiod fills it in again"}}
		} else if expiry.Before(now) {
			return []CheckResult{{Status: Fail, Resource: o.ID(),
				Message: "its CA certificate expired on " + expiry.Format(time.DateOnly), Hint: "restart istiod"}}
		}
	}
	return nil
}
