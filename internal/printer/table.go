package printer

import (
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// columnGap is the distance between columns. Programs that split rows at two
// or more blanks keep working.
const columnGap = 3

// printTable writes columns aligned by blanks, without lines: easy on the eye
// and easy to cut in a pipe. A table without rows is its header alone.
func printTable(w io.Writer, r Report, wide bool) error {
	var shown []int
	for i, c := range r.Columns {
		if wide || !c.Wide {
			shown = append(shown, i)
		}
	}
	pick := func(cells []string) []string {
		picked := make([]string, len(shown))
		for j, i := range shown {
			if i < len(cells) {
				picked[j] = cells[i]
			}
		}
		return picked
	}
	titles := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		titles[i] = c.Title
	}
	rows := make([][]string, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = pick(row)
	}
	var text strings.Builder
	if len(rows) >= bigTable {
		alignRows(&text, pick(titles), rows)
		_, err := io.WriteString(w, text.String())
		return err
	}
	table := newTable(&text)
	table.Header(pick(titles))
	if err := table.Bulk(rows); err != nil {
		return err
	}
	if err := table.Render(); err != nil {
		return err
	}
	var trimmed strings.Builder
	for line := range strings.Lines(text.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, trimmed.String())
	return err
}

func newTable(w io.Writer) *tablewriter.Table {
	cell := func() tw.CellConfig {
		return tw.CellConfig{
			Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
			Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
			Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", columnGap), Overwrite: true}},
		}
	}
	return tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header:   cell(),
			Row:      cell(),
			Behavior: tw.Behavior{TrimSpace: tw.Off},
		}),
	)
}
