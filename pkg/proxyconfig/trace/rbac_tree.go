package trace

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// rbacTree evaluates an RBAC filter that decides by a matcher tree: "If no matchers
// matched, the request will be denied"; the action of a leaf is a config.rbac.v3.Action.
func (w *walk) rbacTree(name string, raw jsontext.Value, connection bool) (stop bool) {
	tree, err := decodeTree(raw)
	found := leaf{}
	if err == nil {
		found = w.search(tree, nil)
	} else {
		found.unsure = err.Error()
	}
	if found.unsure != "" {
		w.depend("filter " + name + " lets the request pass (by its matcher tree: " + found.unsure + ")")
		return false
	}
	step := Step{Stage: "filter", Taken: name, Why: "nothing in its matcher tree matches"}
	var action struct {
		Name   string   `json:"name"`
		Action xds.Text `json:"action"`
	}
	if found.action != nil {
		if err := xds.Decode(found.action.Typed.Raw, &action); err != nil {
			w.depend(fmt.Sprintf("filter %s lets the request pass (its action cannot be read: %v)", name, err))
			return false
		}
		verb := "allows"
		if action.Action == "DENY" || action.Action == "1" {
			verb = "denies"
		}
		step.Why = fmt.Sprintf("%s %s the request: %s", action.Name, verb, strings.Join(found.way, ", "))
		step.Object = policyObject(action.Name)
	}
	w.step(step)
	if found.action != nil && action.Action != "DENY" && action.Action != "1" {
		return false
	}
	v := Verdict{Outcome: Refused, Status: 403, Text: "refused by " + name + ": " + step.Why}
	if connection {
		v.Status = 0
	}
	w.end(v)
	return true
}
