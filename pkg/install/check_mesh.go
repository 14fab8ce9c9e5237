package install

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

func checkCRDs(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	crds, err := r.cluster.List(ctx, []schema.GroupKind{crdKind()}, "")
	if err != nil {
		return nil, err
	}
	established := map[string]bool{}
	for _, live := range crds {
		content, err := live.Map()
		if err != nil {
			return nil, err
		}
		established[live.Name] = condition(content, "Established")
	}
	var found []CheckResult
	wanted := istioCRDs()
	for _, name := range wanted {
		isEstablished, present := established[name]
		switch {
		case !present:
			found = append(found, CheckResult{Status: Fail, Resource: "CustomResourceDefinition " + name,
				Message: "the CRD is missing", Hint: "run meshctl install, or apply the CRDs of the chart base"})
		case !isEstablished:
			found = append(found, CheckResult{Status: Fail, Resource: "CustomResourceDefinition " + name,
				Message: "the CRD is not established", Hint: "its conditions say why: kubectl get crd " + name + " -o yaml"})
		}
	}
	if found == nil {
		return ok("all %d CRDs of Istio are established", len(wanted)), nil
	}
	return found, nil
}

// istioCRDs lists the CRDs of this release.
func istioCRDs() []string {
	return []string{
		"authorizationpolicies.security.istio.io", "destinationrules.networking.istio.io",
		"envoyfilters.networking.istio.io", "gateways.networking.istio.io",
		"peerauthentications.security.istio.io", "proxyconfigs.networking.istio.io",
		"requestauthentications.security.istio.io", "serviceentries.networking.istio.io",
		"sidecars.networking.istio.io", "telemetries.telemetry.istio.io",
		"trafficextensions.extensions.istio.io", "virtualservices.networking.istio.io",
		"wasmplugins.extensions.istio.io", "workloadentries.networking.istio.io",
		"workloadgroups.networking.istio.io",
	}
}

// checkControlPlane looks at each istiod. A mesh whose webhooks lead to a URL
// has its control plane elsewhere.
func checkControlPlane(_ context.Context, r *checkRun) ([]CheckResult, error) {
	var found []CheckResult
	for _, revision := range sortedKeys(r.revisions.Installed) {
		istiod := r.revisions.Installed[revision]
		if state := waitingFor(istiod.content); state != "" {
			found = append(found, CheckResult{Status: Fail, Resource: istiod.ID(),
				Message: fmt.Sprintf("istiod of revision %s is not ready: %s", revision, state),
				Hint:    "kubectl describe deployment " + istiod.Name + " -n " + istiod.Namespace})
			continue
		}
		found = append(found, CheckResult{Status: OK, Resource: istiod.ID(),
			Message: fmt.Sprintf("istiod of revision %s is ready", revision)})
	}
	if found != nil {
		return found, nil
	}
	for _, revision := range sortedKeys(r.revisions.Webhooks) {
		if webhookService(r.revisions.Webhooks[revision].content) == "" {
			found = append(found, CheckResult{Status: OK, Resource: r.revisions.Webhooks[revision].ID(),
				Message: fmt.Sprintf("revision %s has a control plane outside of this cluster", revision)})
		}
	}
	if found != nil {
		return found, nil
	}
	return []CheckResult{{Status: Fail, Message: "there is no control plane", Hint: "run meshctl install"}}, nil
}

// checkWebhooks looks whether the webhooks of the mesh reach somebody, and
// whether the certificate that they trust is valid.
func checkWebhooks(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	hooks, err := r.cluster.List(ctx, clusterKinds()[:2], revisionLabel)
	if err != nil {
		return nil, err
	}
	endpoints, err := r.cluster.List(ctx, []schema.GroupKind{{Group: "discovery.k8s.io", Kind: "EndpointSlice"}}, "")
	if err != nil {
		return nil, err
	}
	alive := map[string]bool{}
	for _, s := range endpoints {
		content, err := s.Map()
		if err != nil {
			return nil, err
		}
		if hasReadyEndpoint(content) {
			alive[s.Namespace+"/"+s.Labels["kubernetes.io/service-name"]] = true
		}
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

func hasReadyEndpoint(slice map[string]any) bool {
	endpoints, _ := slice["endpoints"].([]any)
	return slices.ContainsFunc(endpoints, func(e any) bool {
		m, _ := e.(map[string]any)
		ready, given := lookup(m, "conditions", "ready")
		return !given || ready == true
	})
}

func webhookProblems(o *Object, alive map[string]bool, now time.Time) []CheckResult {
	service := webhookService(o.content)
	if service != "" && !alive[service] {
		return []CheckResult{{Status: Fail, Code: "IST0139", Resource: o.ID(),
			Message: fmt.Sprintf("it sends requests to Service %s, which has no ready pod", service),
			Hint:    "new pods and configuration may be refused: start the control plane, or remove what is left of it by meshctl prune"}}
	}
	hooks, _ := o.content["webhooks"].([]any)
	for _, h := range hooks {
		m, _ := h.(map[string]any)
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

// checkRevisions looks for tags and namespaces that name a revision which does
// not exist.
func checkRevisions(_ context.Context, r *checkRun) ([]CheckResult, error) {
	known := map[string]bool{}
	for revision := range r.revisions.Installed {
		known[revision] = true
	}
	for revision := range r.revisions.Webhooks {
		known[revision] = true
	}
	var found []CheckResult
	for _, tag := range r.revisions.Tags {
		if !known[tag.Revision] {
			found = append(found, CheckResult{Status: Fail, Resource: "MutatingWebhookConfiguration " + tag.Webhook,
				Message: fmt.Sprintf("tag %s points at revision %s, which does not exist", tag.Tag, tag.Revision),
				Hint:    fmt.Sprintf("meshctl tag set %s --revision REVISION --overwrite, or meshctl tag remove %s", tag.Tag, tag.Tag)})
		}
		known[tag.Tag] = true
	}
	for _, name := range sortedKeys(r.revisions.Namespaces) {
		if known[name] {
			continue
		}
		for _, ns := range r.revisions.Namespaces[name] {
			found = append(found, CheckResult{Status: Fail, Resource: "Namespace " + ns,
				Message: fmt.Sprintf("it asks for injection by revision or tag %s, which does not exist", name),
				Hint:    fmt.Sprintf("kubectl label namespace %s istio.io/rev=REVISION --overwrite", ns)})
		}
	}
	if found == nil {
		return ok("%d revisions, %d tags; all names in use exist", len(r.revisions.Installed), len(r.revisions.Tags)), nil
	}
	return found, nil
}

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

// checkProxies compares the proxies' versions with their control plane's.
func checkProxies(_ context.Context, r *checkRun) ([]CheckResult, error) {
	revisionOfTag := map[string]string{}
	for _, tag := range r.revisions.Tags {
		revisionOfTag[tag.Tag] = tag.Revision
	}
	var found []CheckResult
	for _, p := range r.revisions.Proxies {
		revision := p.Revision
		if target, isTag := revisionOfTag[revision]; isTag {
			revision = target
		}
		istiod, installed := r.revisions.Installed[revision]
		if !installed {
			if len(r.revisions.Installed) > 0 && r.revisions.Webhooks[revision] == nil {
				found = append(found, CheckResult{Status: Fail, Resource: "Pod " + p.Namespace + "/" + p.Pod,
					Message: fmt.Sprintf("its proxy belongs to revision %s, which does not exist", revision),
					Hint:    "label its namespace with another revision and restart the workload"})
			}
			continue
		}
		if result := proxySkew(p, istiod); result != nil {
			found = append(found, *result)
		}
	}
	if found == nil {
		return ok("%d proxies fit their control plane", len(r.revisions.Proxies)), nil
	}
	return found, nil
}

// proxySkew compares versions: a proxy may be two minor versions older than its
// control plane, and never newer.
func proxySkew(p Proxy, istiod *Object) *CheckResult {
	proxy := imageTag(p.Image)
	control := imageTag(containerImage(istiod.content, "discovery"))
	if proxy == control || proxy == "" || control == "" {
		return nil
	}
	result := &CheckResult{Status: Warn, Resource: "Pod " + p.Namespace + "/" + p.Pod,
		Message: fmt.Sprintf("its proxy is of version %s, its control plane of %s", proxy, control),
		Hint:    "restart the workload: kubectl rollout restart -n " + p.Namespace + " deployment/NAME"}
	a, errA := ParseMinor(versionOnly(proxy))
	b, errB := ParseMinor(versionOnly(control))
	if errA == nil && errB == nil && (b-a > 2 || a > b) {
		result.Status = Fail
		result.Message += ", which is not supported"
	}
	return result
}

func containerImage(workload map[string]any, name string) string {
	found, _ := lookup(workload, "spec", "template", "spec", "containers")
	list, _ := found.([]any)
	for _, c := range list {
		m, _ := c.(map[string]any)
		if m["name"] == name {
			return lookupString(m, "image")
		}
	}
	return ""
}

func imageTag(image string) string { return splitImage(image, nil).Tag }

// versionOnly takes the variant off a tag: 1.31.1-distroless.
func versionOnly(tag string) string {
	version, _, _ := strings.Cut(tag, "-")
	return version
}
