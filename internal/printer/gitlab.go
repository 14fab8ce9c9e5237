package printer

import "io"

type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

// PrintGitLab writes issues as a Code Quality report. GitLab wants a file and
// a line for each, so that objects without one get a name in their place.
func PrintGitLab(w io.Writer, issues []Issue) error {
	report := make([]gitlabIssue, len(issues))
	for i, issue := range issues {
		report[i] = gitlabIssue{
			Description: issue.Message, CheckName: issue.Code, Fingerprint: issue.Fingerprint,
			Location: gitlabLocation{Path: issue.File, Lines: gitlabLines{Begin: max(issue.Line, 1)}},
		}
		if issue.File == "" {
			report[i].Location.Path = issue.Subject
		}
		switch issue.Severity {
		case SeverityError:
			report[i].Severity = "major"
		case SeverityWarning:
			report[i].Severity = "minor"
		default:
			report[i].Severity = "info"
		}
	}
	return PrintJSON(w, report)
}
