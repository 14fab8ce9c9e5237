package main

import (
	"errors"
	"fmt"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig"
)

// ofProxy is the data of one of several proxies.
func ofProxy(proxy string, data any) printer.Object {
	return printer.Object{{Name: "proxy", Value: proxy}, {Name: "data", Value: data}}
}

// errSomeProxies says that not all proxies answered; those that did have been shown.
var errSomeProxies = errors.New("not all proxies could be asked")

// printProxyReports puts the reports of several proxies into one: a table with the proxy
// in the first column, or a list. Proxies that failed are named on stderr.
func (e *env) printProxyReports(format printer.Format, answers []proxyAnswer, reports []proxyconfig.Report) error {
	var all proxyconfig.Report
	data := printer.List{}
	failed := false
	for i, a := range answers {
		if a.err != nil {
			fmt.Fprintln(e.err, "error:", a.err)
			failed = true
			continue
		}
		r := reports[i]
		if len(all.Columns) < len(r.Columns)+1 {
			all.Columns = append([]proxyconfig.Column{{Title: "PROXY"}}, r.Columns...)
		}
		for _, row := range r.Rows {
			all.Rows = append(all.Rows, append([]string{a.name}, row...))
		}
		for _, line := range r.Lines {
			all.Lines = append(all.Lines, a.name+" "+line)
		}
		for _, name := range r.Names {
			all.Names = append(all.Names, a.name+"/"+name)
		}
		for _, note := range r.Notes {
			all.Notes = append(all.Notes, a.name+": "+note)
		}
		if format == printer.JSON || format == printer.YAML {
			data = append(data, ofProxy(a.name, proxyReportData(r)))
		}
	}
	all.Data = func() any { return data }
	if err := e.printProxyReport(format, all); err != nil {
		return err
	}
	if failed {
		return errSomeProxies
	}
	return nil
}
