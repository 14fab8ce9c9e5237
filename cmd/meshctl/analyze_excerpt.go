package main

import (
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/meshctl/meshctl/pkg/analyze"
)

// excerpts shows the lines of the input that findings are about, on a
// terminal. Files are read once.
type excerpts struct {
	width int                 // of the terminal; 0 means that nothing is shown
	files map[string][]string // lines by name of the file, as far as read
}

func newExcerpts(e *env) *excerpts {
	return &excerpts{width: width(e.out), files: map[string][]string{}}
}

// of is the line of a finding with its number, and a mark below the column; ""
// if the line cannot be shown.
func (x *excerpts) of(f analyze.Finding) string {
	if x.width == 0 || f.Origin.Line == 0 {
		return ""
	}
	line, ok := "", false
	if f.Object != nil {
		line, ok = f.Object.SourceLine(f.Origin.Line)
	}
	if !ok {
		if line, ok = x.line(f.Origin.File, f.Origin.Line); !ok {
			return ""
		}
	}
	number := fmt.Sprintf("%5d | ", f.Origin.Line)
	text, column := cutLine(line, f.Origin.Column, x.width-len(number)-1)
	if text == "" {
		return ""
	}
	excerpt := number + text + "\n"
	if column > 0 {
		excerpt += strings.Repeat(" ", len(number)-2) + "| " + strings.Repeat(" ", column-1) + "^\n"
	}
	return excerpt
}

// line reads a line of a file that is no manifest, or a broken one.
func (x *excerpts) line(name string, number int) (string, bool) {
	lines, read := x.files[name]
	if !read {
		text, _ := os.ReadFile(name) // stdin is no file: there are no lines then
		lines = strings.Split(string(text), "\n")
		x.files[name] = lines
	}
	if number > len(lines) {
		return "", false
	}
	return lines[number-1], true
}

// cutLine cuts from a line the part around a column that fits into a width,
// and tells where the column is in it. What is not printable, such as the
// codes by which text steers a terminal, is shown as a dot.
func cutLine(line string, column, width int) (string, int) {
	const least = 20
	runes := []rune(strings.TrimRight(line, " \t\r"))
	if width < least || len(runes) == 0 {
		return "", 0
	}
	for i, r := range runes {
		switch {
		case r == '\t':
			runes[i] = ' '
		case !unicode.IsPrint(r):
			runes[i] = '.'
		}
	}
	column = min(column, len(runes))
	if len(runes) <= width {
		return string(runes), column
	}
	from := max(0, min(column-1-width/2, len(runes)-width))
	part := runes[from : from+width]
	if from > 0 {
		part[0] = '…'
	}
	if from+width < len(runes) {
		part[width-1] = '…'
	}
	return string(part), max(column-from, 0)
}
