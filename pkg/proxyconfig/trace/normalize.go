package trace

import (
	"regexp"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// normalize rewrites the path as the connection manager does before any filter or route sees
// it, by path_with_escaped_slashes_action, normalize_path and merge_slashes, in this order
// (config.core.v3 and extensions.filters.network.http_connection_manager.v3). stop means that
// the walk has ended.
func (w *walk) normalize(m *xds.Manager) (stop bool) {
	path, query := w.request.pathOnly(), strings.TrimPrefix(w.request.Path, w.request.pathOnly())
	before := path
	redirect := false
	if m.EscapedSlashes != "" {
		plain := escapedSlash.ReplaceAllStringFunc(path, func(code string) string {
			if strings.EqualFold(code, "%2f") {
				return "/"
			}
			return `\`
		})
		switch {
		case plain == path:
		case m.EscapedSlashes == "REJECT_REQUEST" || m.EscapedSlashes == "2":
			w.end(Verdict{Outcome: Refused, Status: 400, Text: "the path has escaped slashes, which the connection manager refuses"})
			return true
		case m.EscapedSlashes == "UNESCAPE_AND_REDIRECT" || m.EscapedSlashes == "3":
			path, redirect = plain, true
		case m.EscapedSlashes == "UNESCAPE_AND_FORWARD" || m.EscapedSlashes == "4":
			path = plain
		}
	}
	if m.NormalizePath {
		path = withoutDots(unescaped(path))
	}
	if m.MergeSlashes {
		path = slashes.ReplaceAllString(path, "/")
	}
	if path == before {
		return false
	}
	if redirect { // "the redirect takes place after path normalization and merge slashes"
		w.end(Verdict{Outcome: Redirected, Status: 307, Text: "the client is sent to " + path + query + ", without escaped slashes"})
		return true
	}
	w.request.Path = path + query
	w.step(Step{Stage: "path", Taken: path, Why: "the connection manager normalizes " + before + " before filters and routes see it"})
	return false
}

var (
	escapedSlash = regexp.MustCompile(`%(2[Ff]|5[Cc])`)
	slashes      = regexp.MustCompile(`//+`)
	escapedPlain = regexp.MustCompile(`%(2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])`)
)

// unescaped decodes what need not be escaped (RFC 3986, section 2.3), and turns backslashes
// round, as the URL parser in Envoy does.
func unescaped(path string) string {
	path = escapedPlain.ReplaceAllStringFunc(path, func(code string) string {
		const digits = "0123456789abcdef"
		code = strings.ToLower(code)
		return string(rune(strings.IndexByte(digits, code[1])<<4 | strings.IndexByte(digits, code[2])))
	})
	return strings.ReplaceAll(path, `\`, "/")
}

// withoutDots removes . and .. (RFC 3986, section 5.2.4). It does not touch empty components.
func withoutDots(path string) string {
	var out []string
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch part {
		case ".", "..":
			if part == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, part)
		}
	}
	return "/" + strings.Join(out, "/")
}
