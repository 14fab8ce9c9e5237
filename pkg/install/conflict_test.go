package install

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/internal/resource"
)

// A conflict is in the way only if taking the field over changes something.
func TestConflictsAboutFieldsThatStay(t *testing.T) {
	changes := []FieldChange{
		{Path: "spec.replicas"},
		{Path: `metadata.labels.istio\.io/rev`},
		{Path: "spec.ports[name:http].targetPort"},
	}
	for field, same := range map[string]bool{
		"spec.replicas":                                 false,
		"metadata.labels.istio.io/rev":                  false,
		"metadata.labels.istio.io/dept":                 true,
		`spec.ports[port=80,protocol="TCP"].targetPort`: false, // another name for the element
		`spec.template.spec.containers[name="discovery"].resources.requests.memory`: true,
		`webhooks[name="rev.validation.istio.io"].clientConfig.caBundle`:            false, // shown nowhere, and not to be overwritten
	} {
		got := markSame([]Conflict{{Field: field}}, changes)
		if got[0].Same != same {
			t.Errorf("%s: same = %v, want %v", field, got[0].Same, same)
		}
	}
}

// istiod turns the policy of its validating webhook to Fail when it is up. If
// that happens while a plan is made or carried out, the object is looked at again.
func TestWebhookThatIstiodChangesMeanwhile(t *testing.T) {
	const webhook = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: istio-validator-istio-system}
webhooks: [{name: rev.validation.istio.io, failurePolicy: %s}]
`
	for _, when := range []string{"while it is planned", "after it was planned"} {
		t.Run(when, func(t *testing.T) {
			cluster := &busyCluster{
				fakeCluster: clusterWith(t, fmt.Sprintf(webhook, "Ignore")),
				then:        clusterWith(t, fmt.Sprintf(webhook, "Fail")).objects,
			}
			objects, problems := resource.Parse("rendered", []byte(fmt.Sprintf(webhook, "Ignore")))
			if len(problems) > 0 {
				t.Fatal(problems[0])
			}
			o, err := liveObject(objects[0])
			if err != nil {
				t.Fatal(err)
			}
			o.content = clone(o.content)
			put(o.content, "x", "metadata", "labels", "new")
			cluster.busy = when == "while it is planned"
			step, err := planObject(t.Context(), cluster, o)
			if err != nil {
				t.Fatal(err)
			}
			if len(step.Conflicts) > 0 {
				t.Errorf("conflicts: %v", step.Conflicts)
			}
			cluster.busy = when == "after it was planned"
			if _, err := Run(t.Context(), cluster, &Plan{Steps: []Step{step}}, RunOptions{NoWait: true}); err != nil {
				t.Fatal(err)
			}
			live, err := cluster.Get(t.Context(), o.groupKind(), "", o.Name)
			if err != nil {
				t.Fatal(err)
			}
			now, err := liveObject(live)
			if err != nil {
				t.Fatal(err)
			}
			hooks, _ := lookup(now.content, "webhooks")
			want := []any{map[string]any{"name": "rev.validation.istio.io", "failurePolicy": "Fail"}}
			if diff := cmp.Diff(want, hooks); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// busyCluster changes its objects behind the back of the next apply, which
// meets a conflict.
type busyCluster struct {
	*fakeCluster
	busy bool
	then map[resource.Key]*resource.Object
}

func (c *busyCluster) Apply(ctx context.Context, content map[string]any, o ApplyOptions) (*resource.Object, error) {
	if c.busy {
		c.busy = false
		c.objects = c.then
		if !o.Force {
			return nil, &apierrors.StatusError{ErrStatus: metav1.Status{
				Code: http.StatusConflict, Reason: metav1.StatusReasonConflict,
				Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{
					Type:    metav1.CauseTypeFieldManagerConflict,
					Field:   `.webhooks[name="rev.validation.istio.io"].failurePolicy`,
					Message: `conflict with "pilot-discovery"`,
				}}},
			}}
		}
	}
	return c.fakeCluster.Apply(ctx, content, o)
}
