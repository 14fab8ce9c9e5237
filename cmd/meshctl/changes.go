package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

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
	for _, c := range changes {
		count[c.Action]++
		sign, color := "~", "33"
		switch c.Action {
		case install.Create:
			sign, color = "+", "32"
		case install.Delete:
			sign, color = "-", "31"
		}
		line := fmt.Sprintf("%s %s %s", sign, c.Action, c.ID())
		if e.colored(w) {
			line = "\x1b[" + color + "m" + line + "\x1b[0m"
		}
		b.WriteString(line + "\n")
		for _, f := range c.Fields {
			fmt.Fprintf(&b, "    %s: %s\n", f.Path, fieldChange(f))
		}
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

func fieldChange(f install.FieldChange) string {
	switch {
	case f.From == nil:
		return "(none) → " + short(f.To)
	case f.To == nil:
		return short(f.From) + " → (none)"
	}
	from, fromText := f.From.(string)
	to, toText := f.To.(string)
	if fromText && toText && strings.Contains(from+to, "\n") {
		return lineChanges(from, to)
	}
	return short(f.From) + " → " + short(f.To)
}

// lineChanges shows the lines that differ between two texts of several lines.
func lineChanges(from, to string) string {
	a, b := strings.Split(from, "\n"), strings.Split(to, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var out strings.Builder
	const most = 12 // lines a side; the rest is in -o json
	write := func(sign string, lines []string) {
		for i, line := range lines {
			if i == most {
				fmt.Fprintf(&out, "\n      %s ... %d more lines", sign, len(lines)-most)
				return
			}
			fmt.Fprintf(&out, "\n      %s %s", sign, line)
		}
	}
	write("-", a)
	write("+", b)
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
