package snapshot

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
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
	switch {
	case o.Kind == "Secret" && o.Group == "":
		redactSecret(content, counts)
		redactFields(content["metadata"], counts)
	case o.Kind == "ConfigMap" && o.Labels["owner"] == "helm":
		redactAll(content["data"], counts, "release of Helm") // all values of an installation
		redactFields(content["metadata"], counts)
	default:
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
			switch text, isText := value.(string); {
			case isText && text != "" && isSecretName(key) && !isReference(text):
				v[key] = redacted
				counts["field "+key]++
				continue
			case isSecretName(key):
				redactMatch(value, counts)
			case isSecretList(key):
				value = redactAll(value, counts, "field "+key)
			}
			v[key] = redactFields(value, counts)
		}
		return v
	case []any:
		for i := range v {
			v[i] = redactFields(v[i], counts)
			flag, _ := v[i].(string)
			if i+1 < len(v) && strings.HasPrefix(flag, "-") && isSecretName(flag) {
				redactArgument(v, i+1, counts)
			}
		}
		return v
	case string:
		if isEncodedSecret(v) {
			counts["encoded secret"]++
			return redacted
		}
		return string(redactText([]byte(redactDocument(v, counts)), counts))
	}
	return v
}

// redactDocument treats a text that is JSON as an object's fields. One without
// secrets stays as it is written.
func redactDocument(text string, counts map[string]int) string {
	if start := strings.TrimSpace(text); start == "" || start[0] != '{' && start[0] != '[' {
		return text
	}
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	var content any
	if in.Decode(&content) != nil || in.More() {
		return text
	}
	found := map[string]int{}
	content = redactFields(content, found)
	if len(found) == 0 {
		return text
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(content) != nil {
		return text
	}
	for rule, n := range found {
		counts[rule] += n
	}
	return strings.TrimSpace(out.String())
}

// redactArgument treats what follows --token in a container's arguments.
func redactArgument(arguments []any, i int, counts map[string]int) {
	if text, ok := arguments[i].(string); ok && text != redacted && !strings.HasPrefix(text, "-") && !isReference(text) {
		arguments[i] = redacted
		counts["named secret"]++
	}
}

// redactMatch treats what is compared with a secret header, and secrets that
// stand in the configuration of an extension: {exact: ...}, {inline_string: ...}.
func redactMatch(v any, counts map[string]int) {
	match, _ := v.(map[string]any)
	for key, value := range match {
		switch text, isText := value.(string); {
		case key == "safe_regex" || key == "safeRegex" || key == "string_match" || key == "stringMatch":
			redactMatch(value, counts)
		case !isText || text == "" || text == redacted || text == encodedRedacted:
		case slices.Contains([]string{"exact", "prefix", "suffix", "contains", "regex", "inline_string", "inlineString", "inline_bytes", "inlineBytes"}, key):
			match[key] = redacted
			counts["value of a header"]++
		}
	}
}

// redactAll takes out every text below a value, which it returns.
func redactAll(v any, counts map[string]int, rule string) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = redactAll(v[key], counts, rule)
		}
	case []any:
		for i := range v {
			v[i] = redactAll(v[i], counts, rule)
		}
	case string:
		if v == "" || isReference(v) {
			return v
		}
		counts[rule]++
		return redacted
	}
	return v
}

// redactPair treats {name: ..., value: ...} and {key: ..., value: ...}, as in
// lists of headers.
func redactPair(pair map[string]any, counts map[string]int) {
	value, _ := pair["value"].(string)
	name, _ := pair["name"].(string)
	key, _ := pair["key"].(string)
	if isSecretName(name) || isSecretName(key) {
		if value != "" && value != redacted {
			pair["value"] = redacted
			counts["value of a header"]++
		}
		redactMatch(pair, counts)
	}
	if header, ok := headerOf([]byte(key)); ok && isSecretName(header) { // a condition of an AuthorizationPolicy
		for _, list := range []string{"values", "notValues"} {
			pair[list] = redactAll(pair[list], counts, "value of a header")
			if pair[list] == nil {
				delete(pair, list)
			}
		}
	}
	if _, isCredential := pair["client"].(string); isCredential && key != "" && key != redacted { // Envoy's API keys
		pair["key"] = redacted
		counts["API key"]++
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
		"ISTIO_", "PILOT_", "PROXY_", "CA_", "POD_", "ENABLE_", "INSTANCE_", "SERVICE_ACCOUNT", "HOST_", "TRUST_DOMAIN",
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
	switch text {
	case redacted, "true", "false", "null", "none":
		return true
	}
	isBlock := len(text) > 0 && len(text) <= 3 && (text[0] == '|' || text[0] == '>') // its text is on the next lines
	return isBlock || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "kubernetes://")
}
