package printer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A table must not look different because it is long.
func TestBigTablesLookLikeSmallOnes(t *testing.T) {
	report := Report{Columns: append(Columns("NAME", "", "LAST"), Column{Title: "MORE", Wide: true})}
	for i := range bigTable - 1 {
		report.Rows = append(report.Rows, []string{
			strings.Repeat("x", i%17), fmt.Sprint(i * i), []string{"", "é → ü", "y"}[i%3], "wide"})
	}
	draw := func() []string {
		var out strings.Builder
		if err := Print(&out, Table, report); err != nil {
			t.Fatal(err)
		}
		return strings.Split(out.String(), "\n")
	}
	small := draw()
	report.Rows = append(report.Rows, []string{"z", "z", "z", "z"}, []string{"z"})
	big := draw()
	if diff := cmp.Diff(small[:bigTable], big[:bigTable]); diff != "" {
		t.Error(diff)
	}
}
