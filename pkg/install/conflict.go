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

// Conflict is one field that another manager has set.
type Conflict struct {
	Object  string `json:"object"`
	Manager string `json:"manager"`
	Field   string `json:"field"`
	// Same says that taking the field over changes nothing: the other manager
	// wrote the same value in other words, such as 2Gi for 2048Mi.
	Same bool `json:"same,omitempty"`
}

// markSame finds the conflicts about fields that do not change.
func markSame(conflicts []Conflict, changes []FieldChange) []Conflict {
	for i, c := range conflicts {
		field := changePath(c.Field)
		changed := slices.ContainsFunc(changes, func(f FieldChange) bool {
			path := strings.ReplaceAll(f.Path, `\`, "")
			return strings.HasPrefix(path, field) || strings.HasPrefix(field, path)
		})
		// A CA bundle is no change that a plan shows, yet it must not be overwritten.
		conflicts[i].Same = !changed && !strings.HasSuffix(field, ".caBundle")
	}
	return conflicts
}

// changePath writes the path of a conflict as the paths of changes are written.
// It ends where the two name the elements of a list in different ways.
func changePath(field string) string {
	field = regexp.MustCompile(`\[name="([^"]*)"\]`).ReplaceAllString(field, "[name:$1]")
	if at := regexp.MustCompile(`\[[^\]:]*[=\]]`).FindStringIndex(field); at != nil {
		return field[:at[0]]
	}
	return field
}

// inTheWay are the conflicts that taking a field over would change something.
func inTheWay(conflicts []Conflict) []Conflict {
	return slices.DeleteFunc(slices.Clone(conflicts), func(c Conflict) bool { return c.Same })
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
	for _, c := range e.Conflicts {
		byManager[c.Manager] = append(byManager[c.Manager], c.Object+": "+c.Field)
	}
	const most = 15 // lines a manager; the rest is in the plan
	var b strings.Builder
	fmt.Fprintf(&b, "fields that would change are held by other managers (%d):", len(e.Conflicts))
	for _, manager := range sortedKeys(byManager) {
		fields := byManager[manager]
		fmt.Fprintf(&b, "\n  %s", manager)
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
	for _, m := range lookupMaps(live, "webhooks") {
		current[lookupString(m, "name")] = m["failurePolicy"]
	}
	out := clone(manifest)
	for _, m := range lookupMaps(out, "webhooks") {
		if policy := current[lookupString(m, "name")]; policy == "Fail" {
			m["failurePolicy"] = policy
		}
	}
	return out
}
