package install

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Conflict is one field that another manager has set to another value.
type Conflict struct {
	Object  string `json:"object"`
	Manager string `json:"manager"`
	Field   string `json:"field"`
	// Same says that taking the field over changes nothing: the other manager
	// wrote the same value in other words, such as 2Gi for 2048Mi.
	Same bool `json:"same,omitempty"`
}

// markSame finds the conflicts of an object that changes in nothing but its
// labels.
func markSame(conflicts []Conflict, fields []FieldChange) {
	for _, f := range fields {
		if !strings.HasPrefix(f.Path, "metadata.labels.") {
			return
		}
	}
	for i := range conflicts {
		conflicts[i].Same = !strings.HasPrefix(conflicts[i].Field, "metadata.labels")
	}
}

// conflictsOf reads the API server's refusal to apply an object; nil if the
// error is another one, or none.
func conflictsOf(id string, err error) []Conflict {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsConflict(err) || status.Status().Details == nil {
		return nil
	}
	var conflicts []Conflict
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		conflicts = append(conflicts, Conflict{
			Object:  id,
			Manager: managerIn(cause.Message),
			Field:   strings.TrimPrefix(cause.Field, "."),
		})
	}
	return conflicts
}

// managerIn finds the name in: conflict with "kubectl" using apps/v1 at ...
func managerIn(message string) string {
	if m := regexp.MustCompile(`"([^"]+)"`).FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return message
}

// ConflictError says that other managers hold fields that would change.
type ConflictError struct{ Conflicts []Conflict }

func (e *ConflictError) Error() string {
	byManager := map[string][]string{}
	same := 0
	for _, c := range e.Conflicts {
		if c.Same {
			same++
			byManager[c.Manager] = append(byManager[c.Manager], "")
			continue
		}
		byManager[c.Manager] = append(byManager[c.Manager], c.Object+": "+c.Field)
	}
	const most = 15 // lines a manager; the rest is in the plan
	var b strings.Builder
	fmt.Fprintf(&b, "%d fields are held by other managers", len(e.Conflicts))
	if same > 0 {
		fmt.Fprintf(&b, ", %d of them with the value that they would get", same)
	}
	b.WriteString(":")
	for _, manager := range sortedKeys(byManager) {
		fields := slices.DeleteFunc(byManager[manager], func(f string) bool { return f == "" })
		fmt.Fprintf(&b, "\n  %s", manager)
		if len(fields) == 0 {
			b.WriteString("\n    nothing that would change")
		}
		for i, field := range fields {
			if i == most {
				fmt.Fprintf(&b, "\n    and %d more", len(fields)-most)
				break
			}
			fmt.Fprintf(&b, "\n    %s", field)
		}
	}
	return b.String()
}

// joinSome lists the first few items and counts the rest.
func joinSome(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}

// yieldToControlPlane leaves out of a manifest what a running istiod keeps in
// webhook configurations: it turns the failure policy of its validating webhook
// to Fail once it is up. Where the live object has another value, that stays.
func yieldToControlPlane(manifest, live map[string]any) map[string]any {
	if manifest["kind"] != "ValidatingWebhookConfiguration" {
		return manifest
	}
	current := map[string]any{}
	liveHooks, _ := live["webhooks"].([]any)
	for _, w := range liveHooks {
		m, _ := w.(map[string]any)
		current[lookupString(m, "name")] = m["failurePolicy"]
	}
	out := clone(manifest)
	hooks, _ := out["webhooks"].([]any)
	for _, w := range hooks {
		m, _ := w.(map[string]any)
		if policy := current[lookupString(m, "name")]; policy == "Fail" {
			m["failurePolicy"] = policy
		}
	}
	return out
}
