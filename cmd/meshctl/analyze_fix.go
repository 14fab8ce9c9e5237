package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// fixFindings makes the safe fixes in the files, or prints them as a patch. It
// returns the findings that are left.
func fixFindings(e *env, findings []analyze.Finding, dryRun bool) ([]analyze.Finding, error) {
	files := map[string][]byte{}
	for _, f := range findings {
		name := f.Origin.File
		if f.Fix == nil || name == "" || files[name] != nil {
			continue
		}
		if text, err := os.ReadFile(name); err == nil { // stdin is no file
			files[name] = text
		}
	}
	edits, fixed := analyze.Edits(findings, files)
	if dryRun {
		_, err := fmt.Fprint(e.out, analyze.Patch(edits, files))
		return findings, err
	}
	written := 0
	for name, text := range files {
		own := slices.DeleteFunc(slices.Clone(edits), func(edit analyze.Edit) bool { return edit.File != name })
		if len(own) == 0 {
			continue
		}
		if err := resource.WriteFile(name, analyze.ApplyEdits(text, own)); err != nil {
			return nil, fmt.Errorf("fixing: %w", err)
		}
		written++
	}
	fmt.Fprintf(e.err, "fixed %s in %s\n", counted(len(fixed), "finding"), counted(written, "file"))
	settled := map[string]bool{}
	for _, f := range fixed {
		settled[f.Fingerprint()] = true
	}
	return slices.DeleteFunc(findings, func(f analyze.Finding) bool { return settled[f.Fingerprint()] }), nil
}

// counted is a number of things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
