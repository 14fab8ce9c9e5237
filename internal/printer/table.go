package printer

import (
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
				picked[j] = visible(cells[i])
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
	alignRows(&text, pick(titles), rows)
	_, err := io.WriteString(w, text.String())
	return err
}

// visible shows control characters of a cell as what they are: neither a line
// feed breaks the table nor does what somebody has put into an object command
// the terminal.
func visible(cell string) string {
	if !strings.ContainsFunc(cell, unicode.IsControl) {
		return cell
	}
	quoted := strconv.Quote(cell)
	return quoted[1 : len(quoted)-1]
}

// alignRows pads every column to its widest cell. Table libraries format each
// cell several times: one of some thousand rows would take longer to draw than
// to compute.
func alignRows(out *strings.Builder, titles []string, rows [][]string) {
	widths := make([]int, len(titles))
	measure := func(cells []string) {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	measure(titles)
	for _, row := range rows {
		measure(row)
	}
	blanks := strings.Repeat(" ", columnGap)
	for _, w := range widths {
		if w+columnGap > len(blanks) {
			blanks = strings.Repeat(" ", w+columnGap)
		}
	}
	write := func(cells []string) {
		gap := 0 // due before the next cell that is not empty, so no line ends in blanks
		for i, cell := range cells {
			if cell != "" {
				for ; gap > len(blanks); gap -= len(blanks) {
					out.WriteString(blanks)
				}
				out.WriteString(blanks[:gap])
				out.WriteString(cell)
				gap = 0
			}
			gap += widths[i] - utf8.RuneCountInString(cell) + columnGap
		}
		out.WriteByte('\n')
	}
	write(titles)
	for _, row := range rows {
		write(row)
	}
}
