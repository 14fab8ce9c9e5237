package main

import (
	"fmt"
	"io"
	"strings"
)

// liveView shows texts one after the other: in place on a terminal, cut to what
// fits; one below the other in a pipe.
type liveView struct {
	out   io.Writer
	begun bool
}

func (v *liveView) show(text string) error {
	if !isTerminal(v.out) {
		if v.begun {
			text = "\n" + text
		}
		v.begun = true
		_, err := io.WriteString(v.out, text)
		return err
	}
	columns, lines := size(v.out)
	var b strings.Builder
	if !v.begun {
		b.WriteString("\x1b[2J")
		v.begun = true
	}
	// Written over what is there, and not after wiping it: that would flicker.
	b.WriteString("\x1b[H")
	for _, line := range fit(text, columns, lines) {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	_, err := io.WriteString(v.out, b.String())
	return err
}

// fit cuts a text to the lines and columns of a terminal. The last line is left
// free, for the cursor.
func fit(text string, columns, lines int) []string {
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if most := lines - 1; most > 1 && len(all) > most {
		left := len(all) - most + 1
		all = append(all[:most-1:most-1], fmt.Sprintf("... and %d more lines", left))
	}
	for i, line := range all {
		if runes := []rune(line); columns > 1 && len(runes) > columns {
			all[i] = string(runes[:columns-1]) + "…"
		}
	}
	return all
}
