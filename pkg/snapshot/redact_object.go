package snapshot

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// redactObject is an object's JSON without secrets and without what only
// repeats it (managed fields, the last applied configuration).
func redactObject(o *resource.Object, counts map[string]int) ([]byte, error) {
	in := json.NewDecoder(bytes.NewReader(o.JSON))
	in.UseNumber() // numbers stay as they are
	var content map[string]any
	if err := in.Decode(&content); err != nil {
		return nil, fmt.Errorf("reading %s: %w", o.Key, err)
	}
	if meta, ok := content["metadata"].(map[string]any); ok {
		delete(meta, "managedFields")
		if annotations, ok := meta["annotations"].(map[string]any); ok {
			delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
		}
	}
	if o.Kind == "Secret" && o.Group == "" {
		redactSecret(content, counts)
	} else {
		redactFields(content, counts)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(content)
	return out.Bytes(), err
}

// redactSecret keeps a Secret's keys and its certificates, which are public:
// analysis looks at both.
func redactSecret(content map[string]any, counts map[string]int) {
	for _, field := range []string{"data", "stringData"} {
		values, _ := content[field].(map[string]any)
		for key, value := range values {
			text, _ := value.(string)
			if field == "data" && isCertificate(text) {
				continue
			}
			values[key] = base64.StdEncoding.EncodeToString([]byte(redacted))
			counts["value of a Secret"]++
		}
	}
}

// isCertificate reports that a base64 value is PEM certificates and nothing else.
func isCertificate(text string) bool {
	rest, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	found := false
	for {
		var block *pem.Block
		before := rest
		if block, rest = pem.Decode(rest); block == nil {
			return found && len(bytes.TrimSpace(before)) == 0
		}
		if block.Type != "CERTIFICATE" && block.Type != "X509 CRL" {
			return false
		}
		found = true
	}
}

// redactFields walks through an object: values of fields with telling names,
// of containers' variables, and secrets inside of any text.
func redactFields(v any, counts map[string]int) any {
	switch v := v.(type) {
	case map[string]any:
		redactPair(v, counts)
		for key, value := range v {
			if key == "env" {
				redactVariables(value, counts)
			}
			if text, ok := value.(string); ok && text != "" && isSecretName(key) && !isReference(text) {
				v[key] = redacted
				counts["field "+key]++
				continue
			}
			v[key] = redactFields(value, counts)
		}
		return v
	case []any:
		for i := range v {
			v[i] = redactFields(v[i], counts)
		}
		return v
	case string:
		return string(redactText([]byte(v), counts))
	}
	return v
}

// redactPair treats {name: ..., value: ...} and {key: ..., value: ...}, as in
// lists of headers.
func redactPair(pair map[string]any, counts map[string]int) {
	value, _ := pair["value"].(string)
	name, _ := pair["name"].(string)
	key, _ := pair["key"].(string)
	if value != "" && value != redacted && (isSecretName(name) || isSecretName(key)) {
		pair["value"] = redacted
		counts["value of a header"]++
	}
}

// redactVariables takes the values out of a container's environment.
func redactVariables(env any, counts map[string]int) {
	list, _ := env.([]any)
	for _, item := range list {
		variable, _ := item.(map[string]any)
		name, _ := variable["name"].(string)
		if value, _ := variable["value"].(string); value != "" && !isMeshVariable(name) {
			variable["value"] = redacted
			counts["value of a variable"]++
		}
	}
}

// isMeshVariable reports that a variable configures a proxy or istiod: their
// values are the mesh's configuration, which analysis needs.
func isMeshVariable(name string) bool {
	for _, prefix := range []string{
		"ISTIO_", "PILOT_", "PROXY_", "CA_", "POD_", "ENABLE_", "INSTANCE_", "SERVICE_", "HOST_", "TRUST_DOMAIN",
		"CLUSTER_ID", "REVISION", "INJECT_", "VALIDATION_", "KUBECONFIG", "GOMEMLIMIT", "GOMAXPROCS", "PLATFORM", "CREDENTIAL_FETCHER", "EXIT_ON_", "XDS_", "AMBIENT_", "NODE_NAME",
	} {
		if strings.HasPrefix(name, prefix) {
			return !isSecretName(name)
		}
	}
	return false
}

// isReference reports that a text under a telling name is none of the secrets
// themselves: a path, or a policy such as token: "ENABLED".
func isReference(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, "kubernetes://") || text == redacted
}
