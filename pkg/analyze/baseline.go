package analyze

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Baseline is the set of findings that are known already, by fingerprint.
type Baseline map[string]bool

// ParseBaseline reads what an earlier run printed as JSON.
func ParseBaseline(text []byte) (Baseline, error) {
	var records []struct {
		Fingerprint string `json:"fingerprint"`
	}
	if err := json.Unmarshal(text, &records); err != nil {
		return nil, fmt.Errorf("expected the output of `analyze -o json`: %w", err)
	}
	known := Baseline{}
	for i, r := range records {
		if r.Fingerprint == "" {
			return nil, fmt.Errorf("expected the output of `analyze -o json`: item %d has no fingerprint", i)
		}
		known[r.Fingerprint] = true
	}
	return known, nil
}

// New keeps the findings that are not known.
func (b Baseline) New(findings []Finding) []Finding {
	return slices.DeleteFunc(findings, func(f Finding) bool { return b[f.Fingerprint()] })
}
