package install

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Status is the outcome of one check.
type Status string

// The outcomes, from good to bad. Skipped says that it could not be checked.
const (
	OK      Status = "ok"
	Skipped Status = "skipped"
	Warn    Status = "warning"
	Fail    Status = "error"
)

// CheckResult is what one check found.
type CheckResult struct {
	Category string `json:"category"`
	Status   Status `json:"status"`
	Code     string `json:"code,omitempty"` // of Istio's analysis messages, where it has one
	Resource string `json:"resource,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// Inspector asks a cluster what a Lister cannot.
type Inspector interface {
	// ServerVersion is the version of Kubernetes, such as "v1.34.0".
	ServerVersion(ctx context.Context) (string, error)
	// Allowed tells whether the user may do it, and if not, why.
	Allowed(ctx context.Context, a Access) (bool, string, error)
}

// Access is something that a user may or may not do.
type Access struct {
	Verb, Group, Resource, Namespace string
}

// CheckOptions steer Check.
type CheckOptions struct {
	// Before an installation: version, permissions and what would stand in its
	// way. Else what is installed.
	Before bool
	// Namespace of the control plane.
	Namespace string
	// FromVersion is the version that the mesh comes from, such as "1.21"; ""
	// asks for no changes of behaviour.
	FromVersion string
	// Objects are those that would be applied; their kinds decide about the
	// permissions needed. Nil for the kinds of a usual installation.
	Objects []*Object
	// Proxies asks istiods and proxies; nil to ask none.
	Proxies ProxyInspector
	// Sample is how many proxies are asked for their certificates.
	Sample int
	// Now is the time with which certificates are compared.
	Now time.Time
}

// checkRun is what the single checks share.
type checkRun struct {
	cluster   Reader
	inspector Inspector
	options   CheckOptions
	revisions *Revisions
	unread    error // why the proxies among the pods could not be read
}

// check is one check: when it applies, and what it looks at.
type check struct {
	category      string
	before, after bool
	run           func(context.Context, *checkRun) ([]CheckResult, error)
}

// checks lists all of them in the order of the report.
func checks() []check {
	return []check{
		{"kubernetes", true, true, checkKubernetes},
		{"permissions", true, false, checkPermissions},
		{"network", true, true, checkCNI},
		{"gateway-api", true, true, checkGatewayAPI},
		{"upgrade", true, false, checkUpgrade},
		{"crds", false, true, checkCRDs},
		{"control-plane", false, true, checkControlPlane},
		{"webhooks", true, true, checkWebhooks},
		{"revisions", false, true, checkRevisions},
		{"certificates", false, true, checkCertificates},
		{"proxies", false, true, checkProxies},
		{"sync", false, true, checkSync},
		{"proxy-certificates", false, true, checkProxyCertificates},
	}
}

// CheckCategories lists the categories of checks.
func CheckCategories() []string {
	var names []string
	for _, c := range checks() {
		names = append(names, c.category)
	}
	return names
}

// Check looks at a cluster. A check that cannot be made is reported as such and
// does not hide the others; only a cluster that does not answer is an error.
func Check(ctx context.Context, cluster Reader, inspector Inspector, o CheckOptions) ([]CheckResult, error) {
	run := &checkRun{cluster: cluster, inspector: inspector, options: o}
	var err error
	if run.revisions, err = ReadRevisions(ctx, cluster); err != nil && !o.Before {
		return nil, err
	}
	if !o.Before {
		run.unread = run.revisions.ReadProxies(ctx, cluster)
	}
	results := []CheckResult{}
	for _, c := range checks() {
		if o.Before && !c.before || !o.Before && !c.after {
			continue
		}
		found, err := c.run(ctx, run)
		if ctx.Err() != nil {
			return nil, cmp.Or(err, context.Cause(ctx)) // err says which cluster did not answer
		}
		if err != nil {
			if c.category == "kubernetes" {
				return nil, err
			}
			found = append(found, CheckResult{Status: Skipped, Message: fmt.Sprintf("cannot be checked: %v", err)})
		}
		for _, result := range found {
			result.Category = c.category
			results = append(results, result)
		}
	}
	return results, nil
}

func ok(format string, args ...any) []CheckResult {
	return []CheckResult{{Status: OK, Message: fmt.Sprintf(format, args...)}}
}
