package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

// printChanges shows what differs, object by object and field by field.
func (e *env) printChanges(changes []install.ObjectChange) error {
	switch e.global.output {
	case printer.Table, printer.Wide:
		return e.writeChanges(e.out, changes)
	}
	report := printer.Report{Data: changes}
	for _, c := range changes {
		report.Names = append(report.Names, c.ID())
	}
	return printer.Print(e.out, e.global.output, report)
}

func (e *env) writeChanges(w io.Writer, changes []install.ObjectChange) error {
	var b strings.Builder
	count := map[install.Action]int{}
	marked := 0 // objects that get nothing else
	for _, c := range changes {
		count[c.Action]++
		if onlyMarks(c) && e.global.output != printer.Wide {
			marked++
			continue
		}
		writeChange(&b, c, e.colored(w))
	}
	if marked > 0 {
		fmt.Fprintf(&b, "~ %d objects only get the labels that mark them as part of the installation (-o wide lists them)\n", marked)
	}
	if len(changes) == 0 {
		b.WriteString("no differences\n")
	} else {
		fmt.Fprintf(&b, "\n%d to create, %d to change, %d to delete\n",
			count[install.Create], count[install.Change], count[install.Delete])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeChange(b *strings.Builder, c install.ObjectChange, colored bool) {
	sign, color := "~", "33"
	switch c.Action {
	case install.Create:
		sign, color = "+", "32"
	case install.Delete:
		sign, color = "-", "31"
	}
	line := fmt.Sprintf("%s %s %s", sign, c.Action, c.ID())
	if colored {
		line = "\x1b[" + color + "m" + line + "\x1b[0m"
	}
	b.WriteString(line + "\n")
	marks := 0
	for _, f := range c.Fields {
		if isNewMark(f) {
			marks++
			continue
		}
		fmt.Fprintf(b, "    %s:%s\n", f.Path, fieldChange(f))
	}
	if marks > 0 {
		fmt.Fprintf(b, "    metadata.labels: %d labels that mark it as part of the installation\n", marks)
	}
}

// onlyMarks tells an object that is taken over and else stays as it is.
func onlyMarks(c install.ObjectChange) bool {
	return c.Action == install.Change && !slices.ContainsFunc(c.Fields, func(f install.FieldChange) bool { return !isNewMark(f) })
}

// isNewMark tells a label of ownership that an object gets which had none: what
// every object of a mesh does that is taken over.
func isNewMark(f install.FieldChange) bool {
	path := strings.ReplaceAll(f.Path, `\`, "")
	return f.From == nil && (strings.HasPrefix(path, "metadata.labels.operator.istio.io/") ||
		strings.HasPrefix(path, "metadata.labels.install.operator.istio.io/") || path == "metadata.labels.istio.io/rev")
}

func fieldChange(f install.FieldChange) string {
	switch {
	case f.From == nil:
		return " (none) → " + short(f.To)
	case f.To == nil:
		return " " + short(f.From) + " → (none)"
	}
	from, fromText := f.From.(string)
	to, toText := f.To.(string)
	if fromText && toText && strings.Contains(from+to, "\n") {
		return lineChanges(from, to)
	}
	return " " + short(f.From) + " → " + short(f.To)
}

// lineChanges shows the lines that differ between two texts of several lines.
func lineChanges(from, to string) string {
	var out strings.Builder
	const most = 20 // the rest is in -o json
	shown, left := 0, 0
	for line := range strings.Lines(string(diff.Diff("from", []byte(from+"\n"), "to", []byte(to+"\n")))) {
		if !strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "-") ||
			strings.HasPrefix(line, "+++ ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if shown++; shown > most {
			left++
			continue
		}
		fmt.Fprintf(&out, "\n      %s %s", line[:1], strings.TrimSuffix(line[1:], "\n"))
	}
	if left > 0 {
		fmt.Fprintf(&out, "\n      ... and %d more lines", left)
	}
	return out.String()
}

// short writes a value on one line.
func short(v any) string {
	text, ok := v.(string)
	if !ok {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		text = string(data)
	}
	const longest = 120
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "..."
	}
	if ok {
		return fmt.Sprintf("%q", text)
	}
	return text
}
