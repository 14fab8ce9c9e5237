package printer

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/owenrumney/go-sarif/v2/sarif"
)

// PrintSARIF writes issues as a SARIF 2.1.0 log.
func PrintSARIF(w io.Writer, version string, issues []Issue) error {
	report, err := sarif.New(sarif.Version210)
	if err != nil {
		return fmt.Errorf("starting a SARIF log: %w", err)
	}
	run := sarif.NewRunWithInformationURI("meshctl", "https://github.com/meshctl/meshctl")
	run.Tool.Driver.WithVersion(version)
	run.Results = []*sarif.Result{}
	known := map[string]bool{}
	for _, issue := range issues {
		if !known[issue.Code] {
			known[issue.Code] = true
			rule := run.AddRule(issue.Code).WithHelpURI(issue.URL)
			rule.WithShortDescription(sarif.NewMultiformatMessageString(issue.Title))
			rule.WithHelp(sarif.NewMultiformatMessageString(issue.Hint))
		}
		result := sarif.NewRuleResult(issue.Code).
			WithLevel(string(issue.Severity)).
			WithMessage(sarif.NewTextMessage(issue.Message)).
			WithPartialFingerPrints(map[string]any{"meshctl/v1": issue.Fingerprint})
		location := sarif.NewLocation()
		if issue.File != "" {
			place := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(filepath.ToSlash(issue.File)))
			if issue.Line > 0 {
				region := sarif.NewRegion().WithStartLine(issue.Line)
				if issue.Column > 0 {
					region.WithStartColumn(issue.Column)
				}
				place.WithRegion(region)
			}
			location.WithPhysicalLocation(place)
		}
		if issue.Subject != "" {
			location.AddLogicalLocations(sarif.NewLogicalLocation().WithFullyQualifiedName(issue.Subject).WithKind("object"))
		}
		result.AddLocation(location)
		run.AddResult(result)
	}
	report.AddRun(run)
	return PrintJSON(w, report)
}
