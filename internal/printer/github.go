package printer

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// PrintGitHub writes issues as workflow commands, which GitHub shows as
// annotations beside the lines of a change.
func PrintGitHub(w io.Writer, issues []Issue) error {
	for _, issue := range issues {
		command := string(issue.Severity)
		if issue.Severity == SeverityNote {
			command = "notice"
		}
		properties := []string{"title=" + githubProperty(strings.TrimSpace(issue.Code+" "+issue.Subject))}
		for _, p := range []struct {
			name, value string
			set         bool
		}{
			{"file", issue.File, issue.File != ""},
			{"line", strconv.Itoa(issue.Line), issue.Line > 0},
			{"col", strconv.Itoa(issue.Column), issue.Column > 0},
		} {
			if p.set {
				properties = append(properties, p.name+"="+githubProperty(p.value))
			}
		}
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", command, strings.Join(properties, ","), githubText(issue.Message)); err != nil {
			return err
		}
	}
	return nil
}

func githubText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubText(s))
}
