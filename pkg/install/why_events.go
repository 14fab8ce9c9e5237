package install

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// lastWarning gives the latest warning about one of some objects of a
// namespace: what a status does not say, such as a volume that cannot be
// mounted, a failing probe, or a pod of a DaemonSet that is refused.
func (r *runner) lastWarning(ctx context.Context, namespace string, names ...string) string {
	found, err := r.cluster.List(ctx, []schema.GroupKind{{Kind: "Event"}}, "")
	if err != nil {
		return ""
	}
	var latest time.Time
	text := ""
	for _, live := range found {
		if live.Namespace != namespace {
			continue
		}
		event, err := resource.As[corev1.Event](live)
		if err != nil || event.Type != corev1.EventTypeWarning || !slices.Contains(names, event.InvolvedObject.Name) {
			continue
		}
		if at := timeOf(event); text == "" || at.After(latest) {
			latest = at
			text = fmt.Sprintf("%s: %s", event.Reason, event.Message)
		}
	}
	return text
}

// timeOf is when an event happened last; the field depends on who wrote it.
func timeOf(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}
