package printer

import (
	"encoding/xml"
	"fmt"
	"io"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr,omitempty"`
	Line      int           `xml:"line,attr,omitempty"`
	Failure   *junitFailure `xml:"failure,omitempty"`
	Output    string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// PrintJUnit writes issues as a JUnit report: errors and warnings are tests
// that failed, notes are tests with output. No issue is one test that passed.
func PrintJUnit(w io.Writer, suite string, issues []Issue) error {
	report := junitSuite{Name: suite, Tests: max(len(issues), 1)}
	if len(issues) == 0 {
		report.Cases = []junitCase{{Name: "no issues", ClassName: suite}}
	}
	for _, issue := range issues {
		c := junitCase{Name: issue.Code + " " + issue.Subject, ClassName: suite, File: issue.File, Line: issue.Line}
		text := issue.Message
		if issue.Hint != "" {
			text += "\n" + issue.Hint
		}
		if issue.Severity == SeverityNote {
			c.Output = text
		} else {
			c.Failure = &junitFailure{Message: issue.Message, Type: string(issue.Severity), Text: text}
			report.Failures++
		}
		report.Cases = append(report.Cases, c)
	}
	out, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}
