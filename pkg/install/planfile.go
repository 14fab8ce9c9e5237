package install

import (
	"bytes"
	"encoding/json"
	"fmt"
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
		if step.Kind == "" || step.Name == "" || step.Action != Delete && step.Manifest == nil {
			return nil, fmt.Errorf("step %d is incomplete", i)
		}
	}
	return plan, nil
}
