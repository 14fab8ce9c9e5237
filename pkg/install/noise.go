package install

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// withoutNoise gives a copy of a live object without what the API server and
// controllers keep there: what differs in it is no change that anybody planned.
func withoutNoise(content map[string]any) map[string]any {
	out := clone(content)
	delete(out, "status")
	metadata := lookupMap(out, "metadata")
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"} {
		delete(metadata, field)
	}
	annotations := lookupMap(metadata, "annotations")
	for _, key := range []string{"deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"} {
		delete(annotations, key)
	}
	if annotations != nil && len(annotations) == 0 {
		delete(metadata, "annotations")
	}
	for _, m := range lookupMaps(out, "webhooks") {
		delete(lookupMap(m, "clientConfig"), "caBundle")
	}
	delete(lookupMap(out, "spec", "conversion", "webhook", "clientConfig"), "caBundle")
	if out["kind"] == "Namespace" {
		delete(out, "spec") // finalizers
	}
	return out
}

// digest identifies the state of a live object, noise aside; "" for none.
func digest(content map[string]any) (string, error) {
	if content == nil {
		return "", nil
	}
	data, err := json.Marshal(withoutNoise(content)) // keys come sorted
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
