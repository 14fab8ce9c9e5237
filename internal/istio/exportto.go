package istio

import "slices"

// ExportedToAll is the scope of configuration that every namespace sees.
const ExportedToAll = "*"

// ExportScopes lists the namespaces that an exportTo list names, "." being
// the object's own; ExportedToAll alone if the list is empty or holds "*".
func ExportScopes(exportTo []string, namespace string) []string {
	if len(exportTo) == 0 || slices.Contains(exportTo, ExportedToAll) {
		return []string{ExportedToAll}
	}
	var scopes []string
	for _, to := range exportTo {
		if to == "." {
			to = namespace
		}
		if !slices.Contains(scopes, to) {
			scopes = append(scopes, to)
		}
	}
	return scopes
}
