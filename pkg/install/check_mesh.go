package install

import (
	"context"
	"fmt"

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

// checkControlPlane looks at each istiod.
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
		if r.revisions.Elsewhere[revision] {
			found = append(found, CheckResult{Status: OK, Resource: r.revisions.Webhooks[revision].ID(),
				Message: fmt.Sprintf("revision %s has a control plane outside of this cluster", revision)})
		}
	}
	if found != nil {
		return found, nil
	}
	return []CheckResult{{Status: Fail, Message: "there is no control plane", Hint: "run meshctl install"}}, nil
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
