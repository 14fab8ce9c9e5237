// Package authz lists the authorization policies that are in force in a proxy, from the
// RBAC filters of its listeners.
package authz

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// Reads are the sections that are needed.
const Reads = dump.Listeners

// Action is what a policy does.
type Action string

// The actions, in the order of the table.
const (
	Deny   Action = "DENY"
	Allow  Action = "ALLOW"
	Log    Action = "LOG"
	Custom Action = "CUSTOM"
)

// order is the place of an action in the table.
func (a Action) order() int { return slices.Index([]Action{Deny, Allow, Log, Custom}, a) }

// Nothing stands for a filter without policies. What it allows is nothing, what it denies
// too: the peer's word.
const Nothing = "_anonymous_match_nothing_"

// Policy is an AuthorizationPolicy in a proxy.
type Policy struct {
	Action Action `json:"action"`
	// Policy is name.namespace, or what stands in the filter if istiod did not make it.
	Policy    string `json:"policy"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// Rules is the number of its rules that reached the proxy.
	Rules int `json:"rules"`
	// DryRun tells that it is only evaluated and decides nothing.
	DryRun bool `json:"dryRun,omitempty"`
	// Listeners are those in which it is in force.
	Listeners []string `json:"listeners"`

	rules map[string]bool
}

// Policies lists the policies of a proxy, by action and name.
func Policies(d *dump.Dump) ([]Policy, error) {
	if err := d.Need(dump.Listeners); err != nil {
		return nil, err
	}
	c := collector{}
	for _, r := range d.List(dump.Listeners) {
		if r.State != dump.Active && r.State != dump.Static {
			continue
		}
		var l xds.Listener
		if err := xds.Decode(r.Body, &l); err != nil {
			return nil, fmt.Errorf("listener %q: %w", r.Name(), err)
		}
		for _, chain := range l.AllChains() {
			if err := c.chain(l.Name, chain); err != nil {
				return nil, fmt.Errorf("listener %q: %w", l.Name, err)
			}
		}
	}
	out := []Policy{}
	for _, p := range c {
		p.Rules = len(p.rules)
		slices.Sort(p.Listeners)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Policy) int {
		return cmp.Or(cmp.Compare(a.Action.order(), b.Action.order()), cmp.Compare(a.Policy, b.Policy))
	})
	return out, nil
}

// collector holds the policies that were found, by action, name and whether they count.
type collector map[string]*Policy

func (c collector) chain(listener string, chain xds.FilterChain) error {
	for _, f := range chain.Filters {
		switch {
		case f.IsRBAC():
			if err := c.filter(listener, f.Config()); err != nil {
				return err
			}
		case f.IsHTTP():
			var m xds.Manager
			if err := xds.Decode(f.Config(), &m); err != nil {
				return err
			}
			for _, h := range m.Filters {
				if h.IsRBAC() {
					if err := c.filter(listener, h.Typed.Raw); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// filter takes the rules of one filter. Those of external authorization stand as shadow
// rules with a prefix: they decide which requests are sent out.
func (c collector) filter(listener string, raw jsontext.Value) error {
	var f struct {
		Rules       *rules `json:"rules"`
		ShadowRules *rules `json:"shadow_rules"`
	}
	if raw == nil {
		return nil
	}
	if err := xds.Decode(raw, &f); err != nil {
		return err
	}
	if f.Rules != nil {
		if len(f.Rules.Policies) == 0 {
			c.add(f.Rules.action(), Nothing, listener, false)
		}
		for _, name := range slices.Sorted(maps.Keys(f.Rules.Policies)) {
			c.add(f.Rules.action(), name, listener, false)
		}
	}
	if f.ShadowRules != nil {
		for _, name := range slices.Sorted(maps.Keys(f.ShadowRules.Policies)) {
			if parts := istioName.FindStringSubmatch(name); parts != nil && parts[1] != "" {
				c.add(Custom, name, listener, false)
			} else {
				c.add(f.ShadowRules.action(), name, listener, true)
			}
		}
	}
	return nil
}

// rules is config.rbac.v3.RBAC, as far as it is shown.
type rules struct {
	Action   xds.Text                  `json:"action"`
	Policies map[string]jsontext.Value `json:"policies"`
}

func (r *rules) action() Action {
	switch r.Action {
	case "DENY", "1":
		return Deny
	case "LOG", "2":
		return Log
	}
	return Allow
}

// istioName is how istiod names the rules of its policies.
var istioName = regexp.MustCompile(`^(istio-ext-authz-)?ns\[(.+)\]-policy\[(.+)\]-rule\[(.+)\]$`)

func (c collector) add(action Action, name, listener string, dryRun bool) {
	p := Policy{Action: action, Policy: name, DryRun: dryRun}
	rule := "0"
	if parts := istioName.FindStringSubmatch(name); parts != nil {
		p.Namespace, p.Name, rule = parts[2], parts[3], parts[4]
		p.Policy = p.Name + "." + p.Namespace
	}
	key := fmt.Sprintf("%s %s %v", action, p.Policy, dryRun)
	if c[key] == nil {
		p.rules = map[string]bool{}
		c[key] = &p
	}
	c[key].rules[rule] = true
	if !slices.Contains(c[key].Listeners, listener) {
		c[key].Listeners = append(c[key].Listeners, listener)
	}
}
