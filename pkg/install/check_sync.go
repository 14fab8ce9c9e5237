package install

import (
	"context"
	"fmt"
	"time"
)

// staleAfter is how long a proxy may take to acknowledge what istiod has sent.
// Large configuration takes seconds.
const staleAfter = time.Minute

// ProxyInspector asks the control plane and the proxies themselves.
type ProxyInspector interface {
	// SyncStates tells how far each connected proxy is behind. complete says that
	// every istiod has answered: who is missing then is connected to none.
	SyncStates(ctx context.Context) (states []SyncState, complete bool, err error)
	// Certificates gives the certificates that a proxy holds.
	Certificates(ctx context.Context, namespace, pod string) ([]ProxyCertificate, error)
}

// SyncState is a connected proxy, and what of its configuration is not in place.
type SyncState struct {
	Proxy    string               // pod.namespace
	Rejected map[string]string    // reason by type, "LDS"
	Stale    map[string]time.Time // when it was sent, by type
}

// checkSync looks for proxies that do not have the configuration that they
// should have.
func checkSync(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	if r.options.Proxies == nil || len(r.revisions.Installed) == 0 {
		return nil, nil
	}
	states, complete, err := r.options.Proxies.SyncStates(ctx)
	if err != nil {
		return nil, err
	}
	var found []CheckResult
	connected := map[string]bool{}
	for _, s := range states {
		connected[s.Proxy] = true
		for _, kind := range sortedKeys(s.Rejected) {
			found = append(found, CheckResult{Status: Fail, Resource: "Proxy " + s.Proxy,
				Message: fmt.Sprintf("it rejects the %s that istiod sends: %s", kind, s.Rejected[kind]),
				Hint:    "an EnvoyFilter is the usual cause: meshctl analyze -A; it goes on with what it had before"})
		}
		for _, kind := range sortedKeys(s.Stale) {
			if age := r.options.Now.Sub(s.Stale[kind]); age > staleAfter {
				found = append(found, CheckResult{Status: Fail, Resource: "Proxy " + s.Proxy,
					Message: fmt.Sprintf("it has not acknowledged the %s that istiod sent %s ago", kind, age.Round(time.Second)),
					Hint:    "the proxy or its connection hangs: look at it by meshctl proxy-status, restart the pod if it stays so"})
			}
		}
	}
	for _, p := range r.revisions.Proxies {
		if complete && p.Ready && !connected[p.Pod+"."+p.Namespace] {
			found = append(found, CheckResult{Status: Fail, Resource: "Pod " + p.Namespace + "/" + p.Pod,
				Message: "its proxy is connected to no istiod: it gets no configuration and no certificates",
				Hint:    "the log of its container istio-proxy says why"})
		}
	}
	if found == nil {
		return ok("%d connected proxies have what istiod has sent", len(states)), nil
	}
	return found, nil
}
