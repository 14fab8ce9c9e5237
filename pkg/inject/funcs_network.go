package inject

import (
	"encoding/json"
	"fmt"
	"strings"
)

// appendMultusNetwork adds a network ("namespace/name") to the value of the
// annotation k8s.v1.cni.cncf.io/networks, which is a comma-separated list or a
// JSON list. A network that is there already is not added; a value that cannot
// be read stays as it is.
func appendMultusNetwork(existing, network string) string {
	if existing == "" {
		return network
	}
	end := strings.LastIndex(existing, "]")
	if end < 0 {
		for n := range strings.SplitSeq(existing, ",") {
			if strings.TrimSpace(n) == network {
				return existing
			}
		}
		return existing + ", " + network
	}
	var networks []struct{ Name, Namespace string }
	if err := json.Unmarshal([]byte(existing), &networks); err != nil {
		return existing
	}
	namespace, name, qualified := strings.Cut(network, "/")
	if !qualified {
		namespace, name = "", network
	}
	for _, n := range networks {
		if n.Name == name && n.Namespace == namespace {
			return existing
		}
	}
	added := fmt.Sprintf(`{"name": %q}`, name)
	if namespace != "" {
		added = fmt.Sprintf(`{"name": %q, "namespace": %q}`, name, namespace)
	}
	// The user's text is kept as written, so that a second run changes nothing.
	separator := ", "
	if len(networks) == 0 {
		separator = ""
	}
	return existing[:end] + separator + added + existing[end:]
}
