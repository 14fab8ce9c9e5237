package trace

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// matchPath applies the path specifier of a config.route.v3.RouteMatch to the path
// without query string. rule says what was wanted.
func matchPath(m xds.RouteMatch, r Request) (ok bool, rule string) {
	path := r.pathOnly()
	sensitive := m.CaseSensitive == nil || *m.CaseSensitive // "The default is true. Ignored for safe_regex matching."
	same, note := path, ""
	fold := func(s string) string { return s }
	if !sensitive {
		fold, note = strings.ToLower, " in any case"
		same = strings.ToLower(path)
	}
	switch {
	case m.Path != "":
		return same == fold(m.Path), fmt.Sprintf("path is %s%s", m.Path, note)
	case m.Regex != nil:
		return matchRegex(m.Regex.Regex, path), "path matches " + m.Regex.Regex
	case m.OldRegex != "":
		return matchRegex(m.OldRegex, path), "path matches " + m.OldRegex
	case m.SeparatedPrefix != "":
		// "the :path header (without the query string) must either exactly match the
		// path_separated_prefix or have it as a prefix, followed by /"
		want := fold(m.SeparatedPrefix)
		return same == want || strings.HasPrefix(same, want+"/"),
			fmt.Sprintf("path is %s%s or below", m.SeparatedPrefix, note)
	case m.Policy != nil:
		return matchTemplate(m.Policy.Typed.Template, path), "path fits " + m.Policy.Typed.Template
	case m.Connect != nil:
		return r.Method == http.MethodConnect, "method is CONNECT"
	}
	// An empty prefix matches every path; CONNECT without a path matches none.
	return strings.HasPrefix(same, fold(m.Prefix)), fmt.Sprintf("path starts with %s%s", m.Prefix, note)
}

// templateToken finds the operators of a path template.
var templateToken = regexp.MustCompile(`\{[^{}]*\}|\*\*|\*`)

// matchTemplate matches a path with a template of the uri_template matcher
// (extensions.path.match.uri_template.v3): "* matches a single path component",
// "** matches zero or more path components and must be the last operator",
// {name} is {name=*}, and {name=pattern} names what a pattern matches.
func matchTemplate(template, path string) bool {
	re, err := regexp.Compile("^" + templateRegex(template) + "$")
	return err == nil && re.MatchString(path)
}

func templateRegex(template string) string {
	var out strings.Builder
	for {
		at := templateToken.FindStringIndex(template)
		if at == nil {
			return out.String() + regexp.QuoteMeta(template)
		}
		out.WriteString(regexp.QuoteMeta(template[:at[0]]))
		token := template[at[0]:at[1]]
		template = template[at[1]:]
		if strings.HasPrefix(token, "{") {
			name, pattern, named := strings.Cut(strings.Trim(token, "{}"), "=")
			if !named {
				pattern = "*"
			}
			out.WriteString("(?P<" + name + ">" + templateRegex(pattern) + ")")
			continue
		}
		if token == "**" {
			out.WriteString(`.*`)
		} else {
			out.WriteString(`[^/]+`)
		}
	}
}
