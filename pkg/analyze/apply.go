package analyze

import (
	"fmt"
	"slices"
	"strings"
)

// Edit is a change of one line of a file.
type Edit struct {
	File     string
	Line     int // from 1
	Old, New string
	column   int
}

// Edits turns the fixes of findings into changes of the lines they stand on.
// fixed tells which findings that settles. Text in other forms than the usual
// ones is left alone: a fix must be safe or not be made.
func Edits(findings []Finding, files map[string][]byte) (edits []Edit, fixed []Finding) {
	lines := map[string][]string{}
	for name, text := range files {
		lines[name] = strings.Split(string(text), "\n")
	}
	for _, f := range findings {
		list := lines[f.Origin.File]
		if f.Fix == nil || f.Origin.Line < 1 || f.Origin.Line > len(list) {
			continue
		}
		line := list[f.Origin.Line-1]
		changed, ok := f.Fix.change(line, f.Origin.Column-1)
		if !ok {
			continue
		}
		edits = append(edits, Edit{File: f.Origin.File, Line: f.Origin.Line, Old: line, New: changed, column: f.Origin.Column})
		fixed = append(fixed, f)
		list[f.Origin.Line-1] = changed
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
		at := strings.LastIndex(before, key+":")
		if at < 0 || strings.TrimSpace(before[at+len(key)+1:]) != "" {
			return "", false
		}
		return before[:at] + x.Rename + before[at+len(key):] + value, true
	}
	end := strings.IndexAny(value, " ,}]\t\r")
	if quote := value[0]; quote == '"' || quote == '\'' {
		if end = strings.IndexByte(value[1:], quote) + 2; end < 2 {
			return "", false
		}
	}
	if end < 0 {
		end = len(value)
	}
	return before + x.Value + value[end:], true
}

// ApplyEdits is a file's text with the edits made.
func ApplyEdits(text []byte, edits []Edit) []byte {
	lines := strings.Split(string(text), "\n")
	for _, e := range edits {
		lines[e.Line-1] = e.New
	}
	return []byte(strings.Join(lines, "\n"))
}

// Patch shows edits in the form that `git apply --unidiff-zero` and `patch` read.
func Patch(edits []Edit) string {
	var b strings.Builder
	byFile := map[string][]Edit{}
	var files []string
	for _, e := range edits {
		if byFile[e.File] == nil {
			files = append(files, e.File)
		}
		byFile[e.File] = append(byFile[e.File], e)
	}
	slices.Sort(files)
	for _, file := range files {
		fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n", strings.TrimPrefix(file, "/"), strings.TrimPrefix(file, "/"))
		list := byFile[file]
		slices.SortFunc(list, func(a, b Edit) int { return a.Line - b.Line })
		for i, e := range list {
			// Of several edits of one line the last has them all.
			if i+1 < len(list) && list[i+1].Line == e.Line {
				list[i+1].Old = e.Old
				continue
			}
			fmt.Fprintf(&b, "@@ -%d +%d @@\n-%s\n+%s\n", e.Line, e.Line, e.Old, e.New)
		}
	}
	return b.String()
}
