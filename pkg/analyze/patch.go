package analyze

import (
	"fmt"
	"slices"
	"strings"
)

// patchContext is how many lines around a change a patch shows.
const patchContext = 3

// Patch shows edits of files in the form that `patch -p1` and `git apply` read.
func Patch(edits []Edit, files map[string][]byte) string {
	byFile := map[string][]Edit{}
	var names []string
	for _, e := range edits {
		if byFile[e.File] == nil {
			names = append(names, e.File)
		}
		byFile[e.File] = append(byFile[e.File], e)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		relative := strings.TrimPrefix(name, "/")
		fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n", relative, relative)
		patchFile(&b, byFile[name], strings.SplitAfter(string(files[name]), "\n"))
	}
	return b.String()
}

// patchFile writes the hunks of one file, whose edits are in the order of lines.
func patchFile(b *strings.Builder, edits []Edit, lines []string) {
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1] // the file ends with a line break
	}
	for len(edits) > 0 {
		n := 1
		for n < len(edits) && edits[n].Line-edits[n-1].Line <= 2*patchContext {
			n++
		}
		hunk := edits[:n]
		edits = edits[n:]
		from, to := max(hunk[0].Line-patchContext, 1), min(hunk[n-1].Line+patchContext, len(lines))
		fmt.Fprintf(b, "@@ -%[1]d,%[2]d +%[1]d,%[2]d @@\n", from, to-from+1)
		for number := from; number <= to; number++ {
			line := lines[number-1]
			if len(hunk) == 0 || hunk[0].Line != number {
				patchLine(b, " ", line)
				continue
			}
			patchLine(b, "-", line)
			patchLine(b, "+", hunk[0].New+line[len(hunk[0].Old):])
			hunk = hunk[1:]
		}
	}
}

// patchLine writes a line of a hunk; the last of a file may have no line break.
func patchLine(b *strings.Builder, sign, line string) {
	b.WriteString(sign + line)
	if !strings.HasSuffix(line, "\n") {
		b.WriteString("\n\\ No newline at end of file\n")
	}
}
