package validation

import (
	"strings"

	security "istio.io/api/security/v1beta1"
)

// Attributes of requests that conditions can ask for.
// https://istio.io/latest/docs/reference/config/security/conditions/
const (
	attrNamespace      = "source.namespace"
	attrServiceAccount = "source.serviceAccount"
	attrTrustDomain    = "source.trustDomain"
	attrPrincipal      = "source.principal"
)

func (c *checker) condition(at *place, when *security.Condition) {
	switch {
	case when.Key == "":
		c.failf(at, "a condition needs a key")
	case len(when.Values) == 0 && len(when.NotValues) == 0:
		c.failf(at, "the condition on %s needs values or notValues", when.Key)
	default:
		// Both lists are looked at even if empty: the key may be wrong twice.
		c.attribute(at, "values", when.Key, when.Values)
		c.attribute(at, "notValues", when.Key, when.NotValues)
	}
}

// attribute checks a key together with one list of its values, and reports
// one mistake.
func (c *checker) attribute(at *place, field, key string, values []string) {
	before := len(c.issues)
	list := at.Child(field)
	c.notEmpty(list, values)
	if len(c.issues) > before {
		return
	}
	switch {
	case key == "source.ip", key == "remote.ip", key == "destination.ip":
		c.ipBlocks(list, values)
	case key == "destination.port":
		c.portRange(list, values)
	case key == attrServiceAccount:
		c.serviceAccounts(list, values)
	case key == attrTrustDomain:
		c.outerWildcards(list, values)
	default:
		if why := keyMistake(key); why != "" {
			c.failf(at.Child("key"), "%s of the condition: %s", field, why)
		}
	}
	if len(c.issues) > before {
		c.issues = c.issues[:before+1]
	}
}

func keyMistake(key string) string {
	switch key {
	case attrNamespace, attrPrincipal, "request.auth.principal", "request.auth.audiences", "request.auth.presenter", "connection.sni":
		return ""
	case "destination.namespace":
		return "destination.namespace does not exist; a policy is for its own namespace"
	case "destination.name", "destination.user":
		return key + " does not exist any more"
	}
	for _, prefix := range []string{"request.headers", "request.auth.claims", "experimental.envoy.filters."} {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if open := strings.IndexByte(key, '['); open > 0 && open < len(key)-2 && strings.HasSuffix(key, "]") {
			return ""
		}
		return key + " needs a name in brackets, as in " + strings.TrimSuffix(prefix, ".") + "[name]"
	}
	if strings.HasPrefix(key, "destination.labels") {
		return "destination.labels does not exist; use the policy's selector"
	}
	return "there is no attribute " + key
}
