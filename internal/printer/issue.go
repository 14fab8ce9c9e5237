package printer

// Issue is one result of a check, in the form that the formats for code
// review and continuous integration need.
type Issue struct {
	Code        string
	Severity    Severity
	Message     string
	Title       string // what the code means, in one line
	Hint        string
	URL         string // page about the code
	Subject     string // the object, as in "Gateway shop/web"
	File        string
	Line        int // from 1; 0 if not known, as all of the place may be
	Column      int
	Fingerprint string // the same in every run
}

// Severity is how bad an issue is.
type Severity string

// Severities, from bad to harmless.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// Formats for issues.
const (
	SARIF  Format = "sarif"
	JUnit  Format = "junit"
	GitHub Format = "github"
	GitLab Format = "gitlab"
)
