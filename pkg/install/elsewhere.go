package install

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// readElsewhere finds the revisions without an istiod in this cluster whose
// webhooks are answered all the same: by a URL, as those of a managed control
// plane are, or by a Service with addresses of another cluster, as in a remote
// cluster of a multi-cluster mesh. What such a control plane keeps in this
// cluster is in use.
func (r *Revisions) readElsewhere(ctx context.Context, cluster Lister) error {
	for revision, webhook := range r.Webhooks {
		if r.Installed[revision] != nil {
			continue
		}
		service := webhookService(webhook.content)
		if service == "" {
			r.Elsewhere[revision] = true
			continue
		}
		ready, err := readyServices(ctx, cluster)
		if err != nil {
			return err
		}
		r.Elsewhere[revision] = ready[service]
	}
	return nil
}

// anyAlive tells whether a control plane works for this cluster, in it or
// elsewhere.
func (r *Revisions) anyAlive() bool {
	if len(r.Installed) > 0 {
		return true
	}
	for _, elsewhere := range r.Elsewhere {
		if elsewhere {
			return true
		}
	}
	return false
}

// readyServices are the Services, as namespace/name, behind which somebody is
// ready: pods, or addresses of another cluster.
func readyServices(ctx context.Context, cluster Lister) (map[string]bool, error) {
	found, err := cluster.List(ctx, []schema.GroupKind{{Group: "discovery.k8s.io", Kind: "EndpointSlice"}}, "")
	if err != nil {
		return nil, err
	}
	ready := map[string]bool{}
	for _, s := range found {
		content, err := s.Map()
		if err != nil {
			return nil, err
		}
		if hasReadyEndpoint(content) {
			ready[s.Namespace+"/"+s.Labels["kubernetes.io/service-name"]] = true
		}
	}
	return ready, nil
}

func hasReadyEndpoint(slice map[string]any) bool {
	return slices.ContainsFunc(lookupMaps(slice, "endpoints"), func(endpoint Values) bool {
		ready, given := lookup(endpoint, "conditions", "ready")
		return !given || ready == true
	})
}
