package trace_test

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// Filters and routes see the path as the connection manager leaves it, so nobody gets round a
// rule by writing the path in another way.
func TestPathIsNormalized(t *testing.T) {
	const (
		base   = "normalize_path: true"
		merge  = "normalize_path: true, merge_slashes: true"
		decode = "normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD"
	)
	for _, c := range []struct{ manager, path, want string }{
		// as in Envoy's test of its path utility
		{base, "/a/b/../c", "/a/c"},
		{base, "/a/b/./c", "/a/b/c"},
		{base, "/a/b/../../../../c", "/c"},
		{base, `/a/..\c`, "/c"},
		{base, "/%c0%af", "/%c0%af"},
		{base, "/%5c%25", "/%5c%25"},
		{base, "/a/b/%2E%2E/c", "/a/c"},
		{base, "/a/b/%2E%2e/c", "/a/c"},
		{base, "/A/B", "/A/B"},
		{base, "/a//b", "/a//b"},
		{base, "/a/b/..", "/a/"},
		{base, "/a/.", "/a/"},
		{base, "/%61dmin", "/admin"},
		{base, "/a%2Fb", "/a%2Fb"},
		{base, "/a/../b?x=/../y", "/b?x=/../y"},
		{merge, "/a//b///c", "/a/b/c"},
		{merge, "/a//../b", "/a/b"}, // dots first: .. takes the empty component
		{merge, "/a?b=//c", "/a?b=//c"},
		{decode, "/a%2Fb%2f%5Cc", "/a/b/c"},
		{decode, "/a%2f..%2fb", "/b"},
		{"path_with_escaped_slashes_action: KEEP_UNCHANGED", "/a%2Fb/../c", "/a%2Fb/../c"},
		{"", "/a/../b//c", "/a/../b//c"},
	} {
		t.Run(c.manager+" "+c.path, func(t *testing.T) {
			wanted, _, _ := strings.Cut(c.want, "?")
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{name: wanted, match: {path: '" + wanted + "'}, route: {cluster: c}}, {name: other, match: {prefix: ''}, route: {cluster: c}}]}]}]"
			r := request(t, "http://h/")
			r.Path = c.path
			tr := trace.Run(proxyOf(t, httpListener(join("rds: {route_config_name: r}", c.manager)), routes, oneCluster, oneEndpoint), r)
			if got := stage(tr, "route"); got != "wanted" {
				t.Errorf("took %s: %+v", got, tr.Steps)
			}
			if got := stage(tr, "path"); c.path != c.want && !strings.HasPrefix(c.want, got) || c.path == c.want && got != "" {
				t.Errorf("told the path %q, want %q", got, c.want)
			}
		})
	}
	for action, want := range map[string]string{
		"REJECT_REQUEST":        "refused 400 the path has escaped slashes",
		"UNESCAPE_AND_REDIRECT": "redirected 307 the client is sent to /a/b?q=%2F",
	} {
		tr := trace.Run(proxyOf(t, httpListener(join("rds: {route_config_name: r}", "path_with_escaped_slashes_action: "+action)), "[]", oneCluster, oneEndpoint), request(t, "http://h/a%2Fb?q=%2F"))
		if got := ended(tr); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
}

func join(settings ...string) string {
	return strings.TrimSuffix(strings.Join(settings, ", "), ", ")
}
