package printer

import (
	"strings"
	"testing"
)

func TestPrint(t *testing.T) {
	type item struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	report := Report{
		Columns: []Column{{Title: "NAME"}, {Title: "URL"}, {Title: "NOTE", Wide: true}},
		Rows: [][]string{
			{"a", "http://x/?a=1&b=2", "two  blanks"},
			{"longer name", "", "ü|x"},
		},
		Data:  []item{{"a", "http://x/?a=1&b=2"}},
		Names: []string{"svc/a", "svc/b"},
	}
	tests := map[Format]string{
		Table: "NAME          URL\na             http://x/?a=1&b=2\nlonger name\n",
		Wide:  "NAME          URL                 NOTE\na             http://x/?a=1&b=2   two  blanks\nlonger name                       ü|x\n",
		JSON:  "[\n  {\n    \"name\": \"a\",\n    \"url\": \"http://x/?a=1&b=2\"\n  }\n]\n",
		YAML:  "- name: a\n  url: http://x/?a=1&b=2\n",
		Name:  "svc/a\nsvc/b\n",
	}
	for format, want := range tests {
		var got strings.Builder
		if err := Print(&got, format, report); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if got.String() != want {
			t.Errorf("%s:\n got %q\nwant %q", format, got.String(), want)
		}
	}
}

func TestTableWithoutRowsIsItsHeader(t *testing.T) {
	var got strings.Builder
	if err := Print(&got, Table, Report{Columns: Columns("A", "B")}); err != nil {
		t.Fatal(err)
	}
	if got.String() != "A   B\n" {
		t.Errorf("got %q", got.String())
	}
}

// A cell of characters that take several bytes shifts nothing, an empty cell
// leaves its column blank, and no line ends in blanks.
func TestTableAlignsColumns(t *testing.T) {
	report := Report{Columns: append(Columns("NAME", "", "LAST"), Column{Title: "MORE", Wide: true}), Rows: [][]string{
		{"short", "é → ü", "z", "wide"},
		{"a longer name", "", "y", "wide"},
		{"x"},
	}}
	var out strings.Builder
	if err := Print(&out, Table, report); err != nil {
		t.Fatal(err)
	}
	want := `NAME                    LAST
short           é → ü   z
a longer name           y
x
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// What somebody has put into an object neither breaks a table nor commands a terminal.
func TestTableShowsControlCharacters(t *testing.T) {
	var out strings.Builder
	report := Report{Columns: Columns("NAME", "NOTE"), Rows: [][]string{{"a", "x\x1b[2J\ny"}, {"Zürich", `C:\dir "x"`}}}
	if err := Print(&out, Table, report); err != nil {
		t.Fatal(err)
	}
	want := "NAME     NOTE\na        x\\x1b[2J\\ny\nZürich   C:\\dir \"x\"\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
