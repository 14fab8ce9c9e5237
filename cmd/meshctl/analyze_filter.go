package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/analyze"
)

// findingFilter hides findings that the user knows of or does not ask about.
type findingFilter struct {
	suppressions []analyze.Suppression
	baseline     string
	ignoreFile   string
	changedSince string
}

func (f *findingFilter) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.baseline, "baseline", "", "`file` with the JSON output of an earlier run: only findings that are not in it count")
	fs.StringVar(&f.ignoreFile, "ignore-file", "", "`file` with rules to ignore findings (default: "+analyze.IgnoreFile+" in the current directory, if there is one)")
	fs.StringVar(&f.changedSince, "changed-since", "", "only findings in files that changed since this git `revision` count")
	_ = cmd.MarkFlagFilename("baseline", "json") // the flags exist, so this cannot fail
	_ = cmd.MarkFlagFilename("ignore-file", "yaml", "yml")
}

func (f *findingFilter) apply(ctx context.Context, e *env, findings []analyze.Finding) ([]analyze.Finding, error) {
	findings = analyze.Suppress(findings, f.suppressions)
	rules, err := f.ignoreRules()
	if err != nil {
		return nil, err
	}
	findings = analyze.Ignore(findings, rules, e.now())
	if f.baseline != "" {
		text, err := os.ReadFile(f.baseline)
		if err != nil {
			return nil, usagef("--baseline: %w", err)
		}
		known, err := analyze.ParseBaseline(text)
		if err != nil {
			return nil, usagef("--baseline %s: %w", f.baseline, err)
		}
		findings = known.New(findings)
	}
	if f.changedSince != "" {
		changed, err := changedFiles(ctx, f.changedSince)
		if err != nil {
			return nil, err
		}
		findings = slices.DeleteFunc(findings, func(finding analyze.Finding) bool {
			path, err := filepath.Abs(finding.Origin.File)
			return err != nil || !changed[path]
		})
	}
	return analyze.Sort(findings), nil
}

func (f *findingFilter) ignoreRules() ([]analyze.IgnoreRule, error) {
	name := f.ignoreFile
	if name == "" {
		name = analyze.IgnoreFile
	}
	text, err := os.ReadFile(name)
	switch {
	case f.ignoreFile == "" && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, usagef("reading the rules to ignore findings: %w", err)
	}
	rules, err := analyze.ParseIgnoreRules(name, text)
	if err != nil {
		return nil, usageError{err}
	}
	return rules, nil
}

// changedFiles asks git for the files, by absolute path, that differ from a
// revision or are new.
func changedFiles(ctx context.Context, revision string) (map[string]bool, error) {
	top, err := git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, usagef("--changed-since: %w", err)
	}
	changed, err := git(ctx, "diff", "--name-only", "-z", "--end-of-options", revision)
	if err != nil {
		return nil, usagef("--changed-since %q: %w", revision, err)
	}
	added, err := git(ctx, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/")
	if err != nil {
		return nil, usagef("--changed-since: %w", err)
	}
	files := map[string]bool{}
	for name := range strings.SplitSeq(changed+added, "\x00") {
		if name != "" {
			files[filepath.Join(strings.TrimSpace(top), name)] = true
		}
	}
	return files, nil
}

func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
