package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// archiveFlag is the flag -o of collect, which takes the name of the archive
// and, as on every command, an output format; given twice, it takes both.
type archiveFlag struct {
	e    *env
	name *string
}

func (f archiveFlag) String() string {
	if f.name == nil {
		return ""
	}
	return *f.name
}

func (archiveFlag) Type() string { return "string" }

func (f archiveFlag) Set(text string) error {
	format := printer.Format(strings.ToLower(text))
	switch {
	case slices.Contains(printer.Formats(), format):
		f.e.global.output = format
	case text == "":
		return errors.New("expected the name of a file, or a format")
	default:
		*f.name = text
	}
	return nil
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// printCollected says what the archive holds: its name on stdout, the rest to the user.
func (o *collectOptions) printCollected(e *env, name string, index snapshot.Index) error {
	summary := snapshot.Summarize(index)
	e.tell("collected %d objects, %d proxies, %d istiods, %d logs", summary.Objects, summary.Proxies, summary.Istiods, summary.Logs)
	if summary.Redacted > 0 {
		e.tell("redacted %d secrets; `meshctl snapshot show %s --redacted` lists where", summary.Redacted, name)
	}
	if n := len(index.Failures); n > 0 {
		e.tell("warning: %d things could not be collected; `meshctl snapshot show %s --failures` lists them", n, name)
	}
	if index.Truncated {
		e.tell("warning: the size limit of %s was reached; raise it with --size or narrow --include", o.budget)
	}
	if index.Late {
		e.tell("warning: the time was over; raise it with --timeout or narrow --include")
	}
	switch e.global.output {
	case printer.JSON, printer.YAML, printer.Name:
		absolute, err := filepath.Abs(name)
		if err != nil {
			absolute = name
		}
		return printer.Print(e.out, e.global.output, printer.Report{
			Data: struct {
				Archive string `json:"archive"`
				snapshot.Summary
			}{absolute, summary},
			Names: []string{name},
		})
	}
	_, err := fmt.Fprintln(e.out, name)
	return err
}

// gitVersion reads the API server's answer to /version.
func gitVersion(answer []byte) string {
	_, rest, _ := strings.Cut(string(answer), `"gitVersion"`)
	parts := strings.SplitN(rest, `"`, 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

// print lists what the plan would collect.
func (p *collectPlan) print(e *env) error {
	type planned struct {
		What    string   `json:"what"`
		Entries []string `json:"entries"`
	}
	list := []planned{}
	for _, task := range p.objects {
		list = append(list, planned{"objects of kind " + task.Kind.Kind, []string{snapshot.ObjectsPath(task.Kind)}})
	}
	for _, group := range p.groups {
		one := planned{What: group.What}
		for _, task := range group.Tasks {
			one.Entries = append(one.Entries, task.Path)
		}
		list = append(list, one)
	}
	report := printer.Report{Columns: printer.Columns("WHAT", "ENTRIES"), Data: list}
	for _, one := range list {
		report.Rows = append(report.Rows, []string{one.What, strconv.Itoa(len(one.Entries))})
		report.Names = append(report.Names, one.Entries...)
	}
	e.tell("nothing is collected: this is what would be asked for (-o name lists each entry)")
	return printer.Print(e.out, e.global.output, report)
}
