package main

import (
	"encoding/xml"
	"io"
	"slices"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

// junit is the format that CI systems show as test results.
const junit printer.Format = "junit"

type junitSuites struct {
	XMLName xml.Name      `xml:"testsuites"`
	Suites  []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a suite for each category. Warnings are not failures, as
// they do not change the exit code either.
func writeJUnit(w io.Writer, results []install.CheckResult) error {
	var all junitSuites
	for _, r := range results {
		at := slices.IndexFunc(all.Suites, func(s *junitSuite) bool { return s.Name == r.Category })
		if at < 0 {
			at = len(all.Suites)
			all.Suites = append(all.Suites, &junitSuite{Name: r.Category})
		}
		suite := all.Suites[at]
		c := junitCase{Class: r.Category, Name: r.Message}
		if r.Resource != "" {
			c.Name = r.Resource + ": " + r.Message
		}
		suite.Tests++
		switch r.Status {
		case install.Fail:
			suite.Failures++
			c.Failure = &junitMessage{Message: r.Message, Text: r.Hint}
		case install.Skipped:
			suite.Skipped++
			c.Skipped = &junitMessage{Message: r.Message}
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
