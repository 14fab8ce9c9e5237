package install

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// oldestMinor is the minor version of oldestKubernetes.
const oldestMinor = 32

func checkKubernetes(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	version, err := r.inspector.ServerVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	m := regexp.MustCompile(`^v?(\d+)\.(\d+)`).FindStringSubmatch(version)
	if m == nil {
		return []CheckResult{{Status: Skipped, Message: fmt.Sprintf("the version of Kubernetes, %q, cannot be read", version)}}, nil
	}
	if minor, _ := strconv.Atoi(m[2]); m[1] == "1" && minor < oldestMinor {
		return []CheckResult{{
			Status: Fail, Code: "IST0142", Resource: "Cluster",
			Message: fmt.Sprintf("Kubernetes %s is older than 1.%d, the oldest version for Istio %s", version, oldestMinor, DefaultRelease().Tag),
			Hint:    "upgrade Kubernetes first, or install an older release of Istio",
		}}, nil
	}
	return ok("Kubernetes %s answers", version), nil
}

// checkPermissions asks for each kind that would be applied whether it may be.
func checkPermissions(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	wanted := permissionsFor(r.options)
	refusals := make([]*CheckResult, len(wanted))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for i, access := range wanted {
		group.Go(func() error {
			allowed, reason, err := r.inspector.Allowed(groupCtx, access)
			if err != nil || allowed {
				return err
			}
			if reason == "" {
				reason = "permission denied"
			}
			refusals[i] = &CheckResult{
				Status: Fail, Code: "IST0141", Resource: "Cluster",
				Message: fmt.Sprintf("Missing required permission to %s resource %s (%s)", access.Verb, access.Resource, reason),
				Hint:    "ask for a role that allows it, or let somebody else install",
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var found []CheckResult
	for _, refusal := range refusals {
		if refusal != nil {
			found = append(found, *refusal)
		}
	}
	if found == nil {
		return ok("everything that would be applied is allowed (%d permissions)", len(wanted)), nil
	}
	return found, nil
}

// permissionsFor lists what an installation needs: to create each kind, and to
// patch those that exist.
func permissionsFor(o CheckOptions) []Access {
	var wanted []Access
	add := func(a Access) {
		if !slices.Contains(wanted, a) {
			wanted = append(wanted, a)
		}
	}
	if o.Objects == nil {
		for _, a := range usualPermissions(o.Namespace) {
			add(a)
		}
		return wanted
	}
	for _, object := range o.Objects {
		for _, verb := range []string{"create", "patch"} {
			add(Access{verb, object.Group(), plural(object.Kind), object.Namespace})
		}
	}
	slices.SortFunc(wanted, func(a, b Access) int {
		return strings.Compare(a.Resource+a.Verb+a.Namespace, b.Resource+b.Verb+b.Namespace)
	})
	return wanted
}

// usualPermissions are those that any installation needs.
func usualPermissions(namespace string) []Access {
	const rbac, webhooks = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
	return []Access{
		{"create", rbac, "clusterrolebindings", ""},
		{"create", rbac, "clusterroles", ""},
		{"create", "", "configmaps", namespace},
		{"create", "apiextensions.k8s.io", "customresourcedefinitions", ""},
		{"create", "apps", "deployments", namespace},
		{"create", webhooks, "mutatingwebhookconfigurations", ""},
		{"create", "", "namespaces", ""},
		{"create", rbac, "roles", namespace},
		{"create", "", "serviceaccounts", namespace},
		{"create", "", "services", namespace},
		{"create", webhooks, "validatingwebhookconfigurations", ""},
	}
}

// plural is the name of a kind in URLs, for the kinds that charts render.
func plural(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case strings.HasSuffix(kind, "policy"):
		return strings.TrimSuffix(kind, "y") + "ies"
	case strings.HasSuffix(kind, "s"):
		return kind + "es"
	}
	return kind + "s"
}

// checkGatewayAPI looks at the versions of the Gateway API's CRDs.
func checkGatewayAPI(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	crds, err := r.cluster.List(ctx, []schema.GroupKind{crdKind()}, "")
	if err != nil {
		return nil, err
	}
	var found []CheckResult
	present := 0
	for _, live := range crds {
		crd, err := resource.As[apiextensionsv1.CustomResourceDefinition](live)
		if err != nil {
			return nil, err
		}
		if crd.Spec.Group != "gateway.networking.k8s.io" {
			continue
		}
		present++
		found = append(found, gatewayVersions(crd)...)
	}
	switch {
	case present == 0:
		return []CheckResult{{Status: Skipped, Message: "the Gateway API is not installed",
			Hint: "Gateways and waypoints of the Gateway API need its CRDs: https://gateway-api.sigs.k8s.io/guides/"}}, nil
	case found == nil:
		return ok("%d CRDs of the Gateway API in versions that Istio understands", present), nil
	}
	return found, nil
}

func gatewayVersions(crd *apiextensionsv1.CustomResourceDefinition) []CheckResult {
	var served []string
	for _, v := range crd.Spec.Versions {
		if v.Served {
			served = append(served, v.Name)
		}
	}
	slices.Sort(served)
	has := "none"
	if len(served) > 0 {
		has = strings.Join(served, ",")
	}
	kind := crd.Spec.Names.Kind
	needs := func(version string, kinds ...string) bool {
		return slices.Contains(kinds, kind) && !slices.Contains(served, version)
	}
	result := CheckResult{
		Resource: "CustomResourceDefinition " + crd.Name,
		Hint:     "install a newer release of the Gateway API",
	}
	var found []CheckResult
	if needs("v1beta1", "Gateway", "GatewayClass", "HTTPRoute", "ReferenceGrant") {
		result.Status, result.Code = Fail, "IST0156"
		result.Message = fmt.Sprintf("the Gateway API CRD serves %s; Istio needs v1beta1", has)
		found = append(found, result)
	}
	if needs("v1", "Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute") && len(found) == 0 {
		result.Status, result.Code = Warn, "IST0172"
		result.Message = fmt.Sprintf("the Gateway API CRD serves %s; a later Istio will need v1", has)
		found = append(found, result)
	}
	return found
}

// checkUpgrade tells what changes its behaviour on the way from a version.
func checkUpgrade(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	if r.options.FromVersion == "" {
		return nil, nil
	}
	minor, err := ParseMinor(r.options.FromVersion)
	if err != nil {
		return nil, err
	}
	if minor > 21 {
		return ok("nothing that this cluster uses has changed since %s", r.options.FromVersion), nil
	}
	services, err := r.cluster.List(ctx, []schema.GroupKind{{Kind: "Service"}}, "")
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		if s.Namespace == "istio-system" && s.Name == "zipkin" {
			return []CheckResult{{
				Status: Warn, Code: "IST0169", Resource: "Service istio-system/zipkin",
				Message: "since 1.22 proxies no longer send traces to zipkin.istio-system by themselves (meshConfig.defaultConfig.tracing)",
				Hint:    "configure tracing by a Telemetry resource and an extension provider, or install with --compatibility-version=1.21",
			}}, nil
		}
	}
	return ok("nothing that this cluster uses has changed since %s", r.options.FromVersion), nil
}

// ParseMinor reads "1.21" or "1.21.3" and gives 21.
func ParseMinor(version string) (int, error) {
	m := regexp.MustCompile(`^1\.(\d+)(\.\d+)?$`).FindStringSubmatch(version)
	if m == nil {
		return 0, &InputError{Err: fmt.Errorf("%q is not a version of Istio; it looks like 1.30", version)}
	}
	return strconv.Atoi(m[1])
}
