package main

import (
	"fmt"
	"io"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// formatLog is the peer's name of the text format.
const formatLog printer.Format = "log"

// findingFormats are the formats for findings besides the common ones.
func findingFormats() []printer.Format {
	return []printer.Format{formatLog, printer.SARIF, printer.JUnit, printer.GitHub, printer.GitLab}
}

// printFindings prints findings in the format that was chosen.
func printFindings(e *env, findings []analyze.Finding, objects int) error {
	switch e.global.output {
	case printer.JSON:
		return printer.PrintJSON(e.out, analyze.Records(findings))
	case printer.YAML:
		return printer.PrintYAML(e.out, analyze.Records(findings))
	case printer.SARIF:
		return printer.PrintSARIF(e.out, clientVersion().Version, issues(findings))
	case printer.JUnit:
		return printer.PrintJUnit(e.out, "meshctl", issues(findings))
	case printer.GitHub:
		return printer.PrintGitHub(e.out, issues(findings))
	case printer.GitLab:
		return printer.PrintGitLab(e.out, issues(findings))
	case printer.Name:
		for _, f := range findings {
			if _, err := fmt.Fprintln(e.out, f.Code, f.Record().Origin); err != nil {
				return err
			}
		}
		return nil
	}
	if len(findings) == 0 {
		fmt.Fprintf(e.err, "no issues found in %d objects\n", objects)
		return nil
	}
	source := newExcerpts(e)
	for _, f := range findings {
		if err := printFinding(e.out, f, source.of(f), e.colored(e.out), e.global.output == printer.Wide); err != nil {
			return err
		}
	}
	return nil
}

// issues are findings in the form of the formats for code review and pipelines.
func issues(findings []analyze.Finding) []printer.Issue {
	list := make([]printer.Issue, len(findings))
	for i, r := range analyze.Records(findings) {
		list[i] = printer.Issue{
			Code: r.Code, Severity: printer.SeverityNote, Message: r.Message, Title: r.Title, Hint: r.Hint, URL: r.DocumentationURL,
			Subject: r.Origin, File: r.File, Line: r.Line, Column: r.Column, Fingerprint: r.Fingerprint,
		}
		switch r.Level {
		case analyze.Error:
			list[i].Severity = printer.SeverityError
		case analyze.Warning:
			list[i].Severity = printer.SeverityWarning
		}
	}
	return list
}

func printFinding(w io.Writer, f analyze.Finding, excerpt string, colored, wide bool) error {
	level := f.Level.String()
	if colored {
		level = levelColor(f.Level) + level + "\x1b[0m"
	}
	r := f.Record()
	place := r.Origin
	if r.Reference != "" {
		if place != "" {
			place += " "
		}
		place += r.Reference
	}
	if _, err := fmt.Fprintf(w, "%s [%s] (%s) %s\n%s", level, f.Code, place, f.Message, excerpt); err != nil {
		return err
	}
	if wide && f.Hint != "" {
		_, err := fmt.Fprintf(w, "    %s\n", f.Hint)
		return err
	}
	return nil
}

func levelColor(level analyze.Level) string {
	switch level {
	case analyze.Error:
		return "\x1b[31m"
	case analyze.Warning:
		return "\x1b[33m"
	}
	return "\x1b[36m"
}
