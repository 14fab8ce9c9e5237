package trace

import (
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// principal is config.rbac.v3.Principal: who asks.
type principal struct {
	And *struct {
		IDs []principal `json:"ids"`
	} `json:"and_ids"`
	Or *struct {
		IDs []principal `json:"ids"`
	} `json:"or_ids"`
	Not           *principal `json:"not_id"`
	Any           *bool      `json:"any"`
	Authenticated *struct {
		Name *xds.StringMatcher `json:"principal_name"`
	} `json:"authenticated"`
	SourceIP    *xds.CIDR          `json:"source_ip"`
	DirectIP    *xds.CIDR          `json:"direct_remote_ip"`
	RemoteIP    *xds.CIDR          `json:"remote_ip"`
	Header      *xds.HeaderMatcher `json:"header"`
	Path        *pathMatcher       `json:"url_path"`
	Metadata    *metadataMatcher   `json:"metadata"`
	Sourced     *sourcedMetadata   `json:"sourced_metadata"`
	FilterState *struct {
		Key    string             `json:"key"`
		String *xds.StringMatcher `json:"string_match"`
	} `json:"filter_state"`
	Custom *xds.TypedExtension `json:"custom"`
}

// sourcedMetadata is config.rbac.v3.SourcedMetadata: metadata of the request or the route.
type sourcedMetadata struct {
	Matcher metadataMatcher `json:"metadata_matcher"`
}

// metadataMatcher is type.matcher.v3.MetadataMatcher.
type metadataMatcher struct {
	Filter string `json:"filter"`
	Path   []struct {
		Key string `json:"key"`
	} `json:"path"`
	Value  valueMatcher `json:"value"`
	Invert bool         `json:"invert"`
}

// valueMatcher is type.matcher.v3.ValueMatcher.
type valueMatcher struct {
	String  *xds.StringMatcher `json:"string_match"`
	Present *bool              `json:"present_match"`
	List    *struct {
		One *valueMatcher `json:"one_of"`
	} `json:"list_match"`
	Or *struct {
		Values []valueMatcher `json:"value_matchers"`
	} `json:"or_match"`
}

// identifies tells whether a principal is the client.
func (w *walk) identifies(p principal) truth {
	r := w.request
	switch {
	case p.And != nil:
		return all(p.And.IDs, w.identifies)
	case p.Or != nil:
		return any1(p.Or.IDs, w.identifies)
	case p.Not != nil:
		return w.identifies(*p.Not).not()
	case p.Any != nil:
		return is(*p.Any)
	case p.Authenticated != nil:
		// "If unset, it applies to any user that is authenticated."
		if p.Authenticated.Name == nil {
			return is(r.Principal != "")
		}
		return w.named(*p.Authenticated.Name)
	case p.FilterState != nil && strings.Contains(p.FilterState.Key, "principal") && p.FilterState.String != nil:
		return w.named(*p.FilterState.String)
	case p.FilterState != nil:
		return w.ask("the filter state " + p.FilterState.Key)
	case p.SourceIP != nil:
		return w.inRange(*p.SourceIP, r.Source, clientAddress)
	case p.DirectIP != nil:
		return w.inRange(*p.DirectIP, r.Source, clientAddress)
	case p.RemoteIP != nil:
		return w.inRange(*p.RemoteIP, r.Source, clientAddress)
	case p.Header != nil:
		return w.headerIs(*p.Header)
	case p.Path != nil:
		return w.pathIs(*p.Path)
	case p.Metadata != nil:
		return w.metadataIs(*p.Metadata)
	case p.Sourced != nil:
		return w.metadataIs(p.Sourced.Matcher)
	case p.Custom != nil:
		return w.ask("the extension " + p.Custom.Name)
	}
	return w.ask("a kind of principal that is not known here")
}

const clientAddress = "the address of the client (--source-ip)"

// ask notes what a rule hangs on that the request does not tell.
func (w *walk) ask(what string) truth {
	if !slices.Contains(w.asked, what) {
		w.asked = append(w.asked, what)
	}
	return unknown
}

// named compares the name in the client's certificate, which no client without mutual
// TLS has.
func (w *walk) named(m xds.StringMatcher) truth {
	if w.request.Principal == "" {
		return no
	}
	ok, _ := matchString(m, w.request.Principal)
	return is(ok)
}

// metadataIs looks at what the JWT filter writes about a token. A request without a
// token has no such metadata; of a token that was given without its claims nothing is
// known.
func (w *walk) metadataIs(m metadataMatcher) truth {
	match := w.request.metadataIs(m)
	if match == unknown {
		w.ask(m.rule())
	}
	return match
}

// rule names what is asked for.
func (m metadataMatcher) rule() string {
	var path []string
	for _, part := range m.Path {
		path = append(path, part.Key)
	}
	not := ""
	if m.Invert {
		not = "not: "
	}
	return not + "metadata " + strings.Join(path, ".") + " of " + m.Filter
}

func (r Request) metadataIs(m metadataMatcher) truth {
	if !strings.Contains(m.Filter, "jwt") && !strings.Contains(m.Filter, "istio_authn") {
		return unknown
	}
	if r.Claims == nil {
		if _, token := r.Headers["authorization"]; token {
			return unknown
		}
		return is(m.Invert)
	}
	var path []string
	for _, part := range m.Path {
		if part.Key != "payload" {
			path = append(path, part.Key)
		}
	}
	value, present := r.Claims[strings.Join(path, ".")]
	match := claimIs(m.Value, value, present)
	if m.Invert {
		return match.not()
	}
	return match
}

func claimIs(m valueMatcher, value string, present bool) truth {
	switch {
	case m.Present != nil:
		return is(present == *m.Present)
	case !present:
		return no
	case m.String != nil:
		ok, _ := matchString(*m.String, value)
		return is(ok)
	case m.List != nil && m.List.One != nil:
		return any1(strings.Split(value, ","), func(one string) truth { return claimIs(*m.List.One, one, true) })
	case m.Or != nil:
		return any1(m.Or.Values, func(v valueMatcher) truth { return claimIs(v, value, true) })
	}
	return unknown
}
