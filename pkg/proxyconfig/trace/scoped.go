package trace

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// scopedRoutes chooses a route configuration by the key that is made of the request's
// headers (ScopedRoutes.ScopeKeyBuilder): "If a key is matched, its corresponding
// RouteConfiguration is used"; all parts of the key must be equal, in order. nil means
// that the walk has ended.
func (w *walk) scopedRoutes(m *xds.ScopedRoutes) *xds.RouteConfig {
	key, rules := []string{}, []string{}
	for _, f := range m.Key.Fragments {
		part, rule, ok := w.fragment(f)
		if !ok {
			return w.noScope(m, rule)
		}
		key, rules = append(key, part), append(rules, rule)
	}
	for _, s := range w.scopesOf(m) {
		if !sameKey(s, key) {
			continue
		}
		rc := s.Routes
		if rc == nil {
			rc = w.proxy.routeConfig(s.RouteName)
		}
		w.step(Step{Stage: "scope", Taken: s.Name, Why: "its key is made of " + strings.Join(rules, ", ")})
		if rc == nil {
			w.end(Verdict{Outcome: Fails, Status: 404, Text: fmt.Sprintf("the proxy has no route configuration %q for scope %s", s.RouteName, s.Name),
				Hint: "it may be on its way: look at `proxy-status`"})
		}
		return rc
	}
	return w.noScope(m, "no scope has the key "+strings.Join(key, "|"))
}

func (w *walk) noScope(m *xds.ScopedRoutes, why string) *xds.RouteConfig {
	w.step(Step{Stage: "scope", Taken: "none", Why: why})
	w.end(Verdict{Outcome: Fails, Status: 404, Text: fmt.Sprintf("no scope of %q takes the request: %s", m.Name, why)})
	return nil
}

// scopesOf are the scopes in the connection manager itself, or those that came by discovery.
func (w *walk) scopesOf(m *xds.ScopedRoutes) []xds.Scope {
	if m.Inline != nil {
		return m.Inline.Scopes
	}
	var out []xds.Scope
	for _, set := range w.proxy.scopes {
		if set.Name == m.Name {
			out = append(out, set.Scopes...)
		}
	}
	return out
}

func sameKey(s xds.Scope, key []string) bool {
	if len(s.Key.Fragments) != len(key) {
		return false
	}
	for i, f := range s.Key.Fragments {
		if f.String != key[i] {
			return false
		}
	}
	return true
}

// fragment makes one part of the key (HeaderValueExtractor): the whole header; or, split
// at element_separator, the element at an index or the value of the first "key separator
// value" with the right key. Without it there is no key at all.
func (w *walk) fragment(f xds.ScopeFragment) (part, rule string, ok bool) {
	if f.Header == nil {
		return "", "a part of the scope's key is of a kind that is not known here", false
	}
	h := f.Header
	value, present := w.request.header(h.Name)
	if !present {
		return "", "the request has no header " + h.Name, false
	}
	elements := []string{value}
	if h.Separator != "" {
		elements = strings.Split(value, h.Separator)
	}
	switch {
	case h.Index != nil:
		if int(*h.Index) >= len(elements) {
			return "", fmt.Sprintf("header %s has no element %d", h.Name, *h.Index), false
		}
		return elements[*h.Index], fmt.Sprintf("element %d of header %s", *h.Index, h.Name), true
	case h.Element != nil:
		for _, e := range elements {
			if name, value, _ := strings.Cut(e, h.Element.Separator); name == h.Element.Key {
				return value, fmt.Sprintf("%s in header %s", h.Element.Key, h.Name), true
			}
		}
		return "", fmt.Sprintf("header %s has no element %s", h.Name, h.Element.Key), false
	}
	return value, "header " + h.Name, true
}
