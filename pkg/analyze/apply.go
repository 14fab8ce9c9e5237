package analyze

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Edit is a change of one line of a file.
type Edit struct {
	File     string
	Line     int // from 1
	Old, New string
}

// Edits turns the fixes of findings into changes of the lines they stand on,
// one for each line. fixed tells which findings that settles. Text in other
// forms than the usual ones is left alone: a fix must be safe or not be made.
func Edits(findings []Finding, files map[string][]byte) (edits []Edit, fixed []Finding) {
	// From right to left, so that a change does not move what is still to be changed.
	findings = slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Fix == nil })
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Origin.File, b.Origin.File), cmp.Compare(a.Origin.Line, b.Origin.Line), cmp.Compare(b.Origin.Column, a.Origin.Column))
	})
	lines := map[string][]string{}
	for name, text := range files {
		lines[name] = strings.Split(string(text), "\n")
	}
	for i, f := range findings {
		list := lines[f.Origin.File]
		if f.Origin.Line < 1 || f.Origin.Line > len(list) || i > 0 && findings[i-1].Origin == f.Origin {
			continue
		}
		line := list[f.Origin.Line-1]
		changed, ok := f.Fix.change(line, f.Origin.Column-1)
		if !ok {
			continue
		}
		fixed = append(fixed, f)
		list[f.Origin.Line-1] = changed
		if last := len(edits) - 1; last >= 0 && edits[last].File == f.Origin.File && edits[last].Line == f.Origin.Line {
			edits[last].New = changed
			continue
		}
		edits = append(edits, Edit{File: f.Origin.File, Line: f.Origin.Line, Old: line, New: changed})
	}
	return edits, fixed
}

// change makes the fix on a line, given where the field's value starts.
func (x *Fix) change(line string, column int) (string, bool) {
	if column < 0 || column >= len(line) || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
		return "", false
	}
	before, value := line[:column], line[column:]
	if x.Rename != "" {
		key := x.Field[len(x.Field)-1]
		start, end := len(before)-len(strings.TrimLeft(before, " -")), strings.LastIndex(before, ":")
		if end < 0 { // the value is a block, and the place is that of its key
			before, value = line, ""
			if end = column + len(key); strings.TrimSpace(line[min(end, len(line)):]) != ":" {
				return "", false
			}
			start = column
		} else if open := strings.LastIndexAny(before[:end], "{,"); open >= start {
			start = open + 1 + len(before[open+1:end]) - len(strings.TrimLeft(before[open+1:end], " "))
		}
		if before[start:end] != key || strings.Trim(before[end+1:], " ") != "" {
			return "", false
		}
		before = before[:start] + x.Rename + before[end:]
	}
	if x.Value == "" {
		return before + value, true
	}
	if value == "" {
		return "", false
	}
	text, end := x.Value, strings.IndexAny(value, " ,}]\t\r")
	if quote := value[0]; quote == '"' || quote == '\'' {
		if end = strings.IndexByte(value[1:], quote) + 2; end < 2 || x.Rename != "" {
			return "", false
		}
		text = string(quote) + text + string(quote)
	}
	if end < 0 {
		end = len(value)
	}
	return before + text + value[end:], true
}

// ApplyEdits is a file's text with the edits made.
func ApplyEdits(text []byte, edits []Edit) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for _, e := range edits {
		lines[e.Line-1] = []byte(e.New)
	}
	return bytes.Join(lines, []byte("\n"))
}
