package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

// reportFormat is how inject and uninject tell what they did.
type reportFormat string

const (
	reportText reportFormat = "text"
	reportJSON reportFormat = "json"
	reportNone reportFormat = "none"
)

func allReports(results []inject.Result) []inject.Report {
	reports := []inject.Report{}
	for _, r := range results {
		reports = append(reports, r.Reports...)
	}
	return reports
}

// tellReports tells on stderr what became of each object.
func (e *env) tellReports(format reportFormat, reports []inject.Report) error {
	switch format {
	case reportJSON:
		return printer.PrintJSON(e.err, reports)
	case reportText:
		var remarks []inject.Remark
		for _, r := range reports {
			// Objects of other kinds are of no interest; what is no object may be a mistake.
			if (r.Outcome != inject.Foreign || r.Reason != "") && r.Outcome != inject.Failed {
				remarks = append(remarks, r.Remarks()...)
			}
		}
		_, err := io.WriteString(e.err, layOut(remarks, width(e.err)))
		return err
	}
	return nil
}

// layOut writes remarks one a line, in the form "file:line: text". In a
// terminal, whose width is given in columns, that wraps easily: there the
// remarks stand below the name of their file, and what is too long goes on
// below its beginning.
func layOut(remarks []inject.Remark, columns int) string {
	var out strings.Builder
	if columns == 0 {
		for _, r := range remarks {
			fmt.Fprintln(&out, r)
		}
		return out.String()
	}
	file, digits := "", 0
	for _, r := range remarks {
		digits = max(digits, len(strconv.Itoa(r.Line)))
	}
	for _, r := range remarks {
		if r.File != file {
			fmt.Fprintln(&out, r.File)
			file = r.File
		}
		head := fmt.Sprintf("  %*d: ", digits, r.Line)
		if r.Line == 0 {
			head = strings.Repeat(" ", len(head))
		}
		out.WriteString(head + folded(r.Text, columns, len(head)) + "\n")
	}
	return out.String()
}

// tellEmpty names the files in which there was nothing to look at: most often
// that is a mistake further up in a pipe.
func (e *env) tellEmpty(format reportFormat, files []resource.File, results []inject.Result) {
	for i, r := range results {
		if format == reportText && len(r.Reports) == 0 {
			fmt.Fprintf(e.err, "%s: there is no document in it\n", files[i].Name)
		}
	}
}

// failuresOf tells each failure on a line of its own and sums them up, with what
// that means for the output. A report in JSON, which has them already, stays all
// there is.
func failuresOf(e *env, format reportFormat, reports []inject.Report, so string) error {
	failed := 0
	var remarks []inject.Remark
	for _, r := range reports {
		if r.Err != nil {
			failed++
			remarks = append(remarks, r.Remarks()...)
		}
	}
	if format != reportJSON {
		fmt.Fprint(e.err, layOut(remarks, width(e.err)))
	}
	switch {
	case failed == 0:
		return nil
	case format == reportJSON:
		return errTold
	}
	return fmt.Errorf("%d of %d documents failed%s", failed, len(reports), so)
}
