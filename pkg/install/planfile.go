package install

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ReadPlan decodes a saved plan.
func ReadPlan(data []byte) (*Plan, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	plan := &Plan{}
	if err := decoder.Decode(plan); err != nil {
		return nil, fmt.Errorf("it is not a plan: %w", err)
	}
	if plan.Version != planVersion {
		return nil, fmt.Errorf("its format is %q, expected %q; make the plan again", plan.Version, planVersion)
	}
	for i, step := range plan.Steps {
		if step.Kind == "" || step.Name == "" || step.applies() && step.Manifest == nil {
			return nil, fmt.Errorf("step %d is incomplete", i)
		}
	}
	return plan, nil
}

// Compact gives the plan as it is saved: without the manifests of what stays as
// it is. That also keeps Secrets which do not change out of the file.
func (p *Plan) Compact() *Plan {
	out := *p
	out.Steps = slices.Clone(p.Steps)
	for i := range out.Steps {
		if !out.Steps[i].applies() {
			out.Steps[i].Manifest = nil
		}
	}
	return &out
}

// Secrets counts the steps whose manifests hold secret values: a plan that is to
// be carried out exactly has to have them.
func (p *Plan) Secrets() int {
	count := 0
	for _, step := range p.Steps {
		if step.Kind == "Secret" && step.applies() {
			count++
		}
	}
	return count
}

// applies tells that carrying the step out sends its manifest.
func (s Step) applies() bool {
	return s.Action != Delete && (s.Action != Keep || len(s.Conflicts) > 0)
}

// ClusterID identifies a cluster, "" if it does not tell: addresses such as
// https://127.0.0.1:6443 are given to one cluster after the other.
func ClusterID(ctx context.Context, cluster Getter) string {
	found, err := cluster.Get(ctx, schema.GroupKind{Kind: "Namespace"}, "", "kube-system")
	if err != nil {
		return ""
	}
	content, err := found.Map()
	if err != nil {
		return ""
	}
	return lookupString(content, "metadata", "uid")
}
