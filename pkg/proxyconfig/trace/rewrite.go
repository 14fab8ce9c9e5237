package trace

import (
	"regexp"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// rewrite gives the path that is sent on; the query stays. prefix_rewrite replaces what
// matched: "the matched prefix (or path) should be swapped with this value".
func rewrite(prefix string, regex *xds.RegexRewrite, policy *xds.TypedExtension, m xds.RouteMatch, r Request) string {
	path := r.pathOnly()
	query := strings.TrimPrefix(r.Path, path)
	switch {
	case prefix != "":
		matched := m.Prefix + m.Path + m.SeparatedPrefix
		if m.Regex != nil {
			matched = path // the whole path matched
		}
		return prefix + path[min(len(matched), len(path)):] + query
	case regex != nil:
		return substitute(regex, path) + query
	case policy != nil && m.Policy != nil:
		return fromTemplate(m.Policy.Typed.Template, policy.Typed.Rewrite, path) + query
	}
	return r.Path
}

// substitute replaces all matches; Envoy writes groups as \1, Go as ${1}.
func substitute(rw *xds.RegexRewrite, path string) string {
	re, err := regexp.Compile(rw.Pattern.Regex)
	if err != nil {
		return path
	}
	groups := regexp.MustCompile(`\\(\d)`)
	return re.ReplaceAllString(path, groups.ReplaceAllString(strings.ReplaceAll(rw.Substitution, "$", "$$"), "$${$1}"))
}

// fromTemplate puts what a template named into another one.
func fromTemplate(template, into, path string) string {
	re, err := regexp.Compile("^" + templateRegex(template) + "$")
	if err != nil {
		return path
	}
	match := re.FindStringSubmatch(path)
	if match == nil {
		return path
	}
	for i, name := range re.SubexpNames() {
		if name != "" {
			into = strings.ReplaceAll(into, "{"+name+"}", match[i])
		}
	}
	return into
}
