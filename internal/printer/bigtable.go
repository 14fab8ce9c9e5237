package printer

import (
	"strings"
	"unicode/utf8"
)

// bigTable is the number of rows from which a table is drawn by alignRows. The
// library formats every cell several times: a table of some thousand rows would take
// longer to draw than to compute.
const bigTable = 200

// alignRows draws what the library draws: columns aligned by blanks.
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
