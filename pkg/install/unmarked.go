package install

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// partOfLabel is what Istio's charts write on all that they render.
const partOfLabel = "app.kubernetes.io/part-of"

// Annotations by which Helm knows its own
// (https://helm.sh/docs/chart_template_guide/builtin_objects).
const (
	helmReleaseAnnotation   = "meta.helm.sh/release-name"
	helmNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// addUnmarked adds what Istio's charts have made and no installer has marked:
// Helm and `manifest generate | kubectl apply` leave most objects without a
// component's label. Half a mesh, with webhooks that nobody answers, is worse
// than either.
func (r *Removal) addUnmarked(ctx context.Context, cluster Lister, kinds []schema.GroupKind) error {
	found, err := cluster.List(ctx, kinds, partOfLabel+"=istio")
	if err != nil {
		return fmt.Errorf("listing what Istio's charts have made: %w", err)
	}
	for _, live := range found {
		o, err := liveObject(live)
		if err != nil {
			return err
		}
		if derived(o) {
			continue
		}
		reason := "made from Istio's charts: " + partOfLabel + "=istio"
		if release := helmRelease(o); release != "" {
			reason = "of Helm's release " + release
			if !slices.Contains(r.Releases, release) {
				r.Releases = append(r.Releases, release)
			}
		}
		r.add(o, reason)
	}
	slices.Sort(r.Releases)
	return nil
}

// helmRelease names the release that an object belongs to, as namespace/name;
// "" for none.
func helmRelease(o *Object) string {
	name := lookupString(o.content, "metadata", "annotations", helmReleaseAnnotation)
	if name == "" {
		return ""
	}
	return lookupString(o.content, "metadata", "annotations", helmNamespaceAnnotation) + "/" + name
}
