package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestALineIsCutAroundTheColumn(t *testing.T) {
	long := strings.Repeat("a", 100) + "X" + strings.Repeat("b", 100)
	for _, tt := range []struct {
		line        string
		column      int
		want        string
		wantColumn  int
		description string
	}{
		{"  host: absent", 9, "  host: absent", 9, "a line that fits"},
		{"  host: absent  \r", 9, "  host: absent", 9, "blanks at the end"},
		{"\thost: \x1b[31mabsent", 2, " host: .[31mabsent", 2, "codes that steer a terminal"},
		{"host: ü", 7, "host: ü", 7, "letters of two bytes"},
		{"a: b", 40, "a: b", 4, "a column behind the end"},
		{"a: b", 0, "a: b", 0, "no column"},
		{"   ", 1, "", 0, "an empty line"},
		{long, 1, strings.Repeat("a", 29) + "…", 1, "the start of a long line"},
		{long, 101, "…" + strings.Repeat("a", 14) + "X" + strings.Repeat("b", 13) + "…", 16, "the middle of a long line"},
		{long, 201, "…" + strings.Repeat("b", 29), 30, "the end of a long line"},
	} {
		got, column := cutLine(tt.line, tt.column, 30)
		if got != tt.want || column != tt.wantColumn {
			t.Errorf("%s: %q at %d, want %q at %d", tt.description, got, column, tt.want, tt.wantColumn)
		}
		if utf8.RuneCountInString(got) > 30 {
			t.Errorf("%s: %q is too wide", tt.description, got)
		}
	}
}
