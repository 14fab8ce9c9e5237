package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
	"github.com/meshctl/meshctl/pkg/install"
)

// validateOperators checks IstioOperator documents as an installation would.
func validateOperators(objects []*resource.Object) []analyze.Finding {
	var findings []analyze.Finding
	for _, o := range objects {
		if o.Kind != "IstioOperator" || o.Group != "install.istio.io" {
			continue
		}
		_, err := install.Resolve(install.Input{Files: []install.File{{Name: o.Origin.File, Data: o.JSON}}})
		for _, p := range operatorProblems(err) {
			field := operatorField(p.Path)
			findings = append(findings, analyze.Finding{
				Code: "MSH0003", Level: analyze.Error, Object: o,
				Message: p.Message, Hint: p.Hint, Field: field, Origin: o.FieldOrigin(field),
			})
		}
	}
	return findings
}

func operatorProblems(err error) []install.Problem {
	var input *install.InputError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &input) && len(input.Problems) > 0:
		return input.Problems
	}
	return []install.Problem{{Message: err.Error()}}
}

// operatorElement is a piece of a path in --set notation: "name", "[0]", with
// dots inside of names escaped.
var operatorElement = regexp.MustCompile(`\[(\d+)\]|((?:\\.|[^.\[\\])+)`)

func operatorField(path string) resource.FieldPath {
	var field resource.FieldPath
	for _, m := range operatorElement.FindAllStringSubmatch(path, -1) {
		field = append(field, m[1]+strings.ReplaceAll(m[2], `\.`, "."))
	}
	return field
}
