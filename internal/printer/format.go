// Package printer turns reports into text: tables for people, JSON and YAML
// for programs, names for scripts. It decides nothing: what it is given is
// what it prints, in the order given.
package printer

import (
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Format is a value of the flag --output.
type Format string

// The formats that every reading command offers.
const (
	Table Format = "table"
	Wide  Format = "wide"
	JSON  Format = "json"
	YAML  Format = "yaml"
	Name  Format = "name"
)

// Formats lists the formats of every reading command in the order in which
// help shows them.
func Formats() []Format { return []Format{Table, Wide, JSON, YAML, Name} }

// Report is a command's answer in the form that all formats can be made of.
type Report struct {
	Columns []Column
	Rows    [][]string // one cell a column, those of Wide columns included
	Data    any        // what JSON and YAML show; lists in it must not be nil
	Names   []string   // what -o name shows, one a line
}

// Column is a column of a table.
type Column struct {
	Title string
	Wide  bool // shown by -o wide only
}

// Columns are columns shown by every table.
func Columns(titles ...string) []Column {
	columns := make([]Column, len(titles))
	for i, title := range titles {
		columns[i].Title = title
	}
	return columns
}

// Print writes a report in one of the common formats.
func Print(w io.Writer, format Format, r Report) error {
	switch format {
	case Table, Wide:
		return printTable(w, r, format == Wide)
	case JSON:
		return PrintJSON(w, r.Data)
	case YAML:
		return PrintYAML(w, r.Data)
	case Name:
		for _, name := range r.Names {
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("printing: output format %q is not one that this command has", format)
}

// PrintJSON writes indented JSON with a final newline. HTML characters stay
// as they are, because this is read by people and scripts, not by browsers.
func PrintJSON(w io.Writer, data any) error {
	if isLarge(data) {
		if err := printLarge(w, largeJSON{}, data); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n")
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(data)
}

// PrintYAML writes YAML with the same fields as PrintJSON.
func PrintYAML(w io.Writer, data any) error {
	if isLarge(data) {
		return printLarge(w, largeYAML{}, data)
	}
	out, err := yaml.Marshal(data)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}
