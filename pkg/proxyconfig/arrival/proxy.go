package arrival

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/status"
)

// Behind says what a proxy has not acknowledged, "" if nothing.
func Behind(p status.Proxy) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Types)) {
		switch t := p.Types[name]; {
		case t.State == status.Error && t.Problem != "":
			out = append(out, name+" was rejected: "+t.Problem)
		case t.State == status.Error:
			out = append(out, name+" was rejected")
		case t.State == status.Stale:
			out = append(out, name+" is sent but not acknowledged")
		}
	}
	return strings.Join(out, "; ")
}

// Nonces is what istiod sent last, of all types. It changes with each push.
func Nonces(p status.Proxy) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Types)) {
		out = append(out, p.Types[name].Sent)
	}
	return strings.Join(out, " ")
}

// NewestPush is the latest push of which anything was sent to one of these proxies.
func NewestPush(proxies []status.Proxy) Push {
	var newest Push
	for _, p := range proxies {
		for _, t := range p.Types {
			if push, ok := ParsePush(t.Sent); ok && push.Number > newest.Number {
				newest = push
			}
		}
	}
	return newest
}

// PushOf finds the push that istiod's /debug/config_dump of a proxy shows: the latest
// that the proxy was looked at for, whether or not anything had to be sent to it.
func PushOf(configDump []byte) (Push, bool) {
	found := regexp.MustCompile(`"version_?[iI]nfo":\s*"([^"]+)"`).FindSubmatch(configDump)
	if found == nil {
		return Push{}, false
	}
	return ParsePush(string(found[1]))
}

// Differing names the resources of a difference between what istiod would send and what a
// proxy has, "" if there are none.
func Differing(r diff.Result) string {
	const most = 3
	var out []string
	for _, res := range r.Resources {
		if len(out) == most {
			out = append(out, "...")
			break
		}
		out = append(out, res.Kind+" "+res.Name)
	}
	return strings.Join(out, ", ")
}
