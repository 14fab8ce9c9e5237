package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

func newProxyConfigCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "proxy-config",
		Aliases: []string{"pc"},
		Short:   "Show, compare and explain what a proxy does",
		Long: `Show, compare and explain what a proxy does, from its own configuration dump.

Any Envoy will do, not only those of Istio. A dump is what its admin port answers
to /config_dump?include_eds or to /clusters; a bootstrap file is read as well. JSON,
YAML, text, gzip and standard input are all accepted.`,
		GroupID: groupProxies,
	}
	cmd.AddCommand(newProxyAllCmd(e, nil))
	for _, view := range proxyconfig.Views() {
		cmd.AddCommand(newProxyViewCmd(e, view, nil))
	}
	cmd.AddCommand(newProxyDiffCmd(e, nil), newProxyTraceCmd(e, nil), newProxyRootCACmd(e, nil), newProxyLogCmd(e, nil))
	return cmd
}

// proxyViewOptions are the flags of one view.
type proxyViewOptions struct {
	view    proxyconfig.View
	source  proxySource
	filter  proxyconfig.Filter
	object  string
	verbose bool
	output  printer.Format
	// given are the filters as the user wrote them.
	given string
}

func newProxyViewCmd(e *env, view proxyconfig.View, runF func(context.Context, *proxyViewOptions) error) *cobra.Command {
	o := &proxyViewOptions{view: view, verbose: true}
	cmd := &cobra.Command{
		Use:     view.Name + " [POD | TYPE/NAME]...",
		Aliases: view.Aliases,
		Short:   view.Short,
		Hidden:  view.Hidden,
		Example: "  # Of a pod, of one pod of a workload, of all proxies with a label\n  meshctl proxy-config " + view.Name + " catalog-v1-5d9f.shop\n" +
			"  meshctl proxy-config " + view.Name + " deploy/catalog -n shop\n  meshctl proxy-config " + view.Name + " -l app=catalog -A\n\n" +
			"  # From a dump that was taken before\n  meshctl proxy-config " + view.Name + " --file config_dump.json\n\n" +
			"  # From the admin port of any Envoy\n  curl -s localhost:15000/config_dump?include_eds | meshctl proxy-config " + view.Name + " --file -",
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(e, cmd, args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProxyView(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	o.source.register(cmd.Flags())
	e.adminPortFlag(cmd)
	o.addFilters(cmd)
	return cmd
}

// formatShort is the peer's word for a table.
const formatShort printer.Format = "short"

// addFilters adds the filter flags that the view knows.
func (o *proxyViewOptions) addFilters(cmd *cobra.Command) {
	fs, f := cmd.Flags(), &o.filter
	add := func(name string, register func()) {
		if slices.Contains(o.view.Filters, name) {
			register()
		}
	}
	add("fqdn", func() { fs.StringVar(&f.FQDN, "fqdn", "", "only clusters whose name has this `host` in it") })
	add("subset", func() { fs.StringVar(&f.Subset, "subset", "", "only clusters whose name has this `subset` in it") })
	add("direction", func() { fs.StringVar(&f.Direction, "direction", "", "only `inbound or outbound` clusters") })
	add("port", func() { fs.IntVar(&f.Port, "port", 0, "only this `port`") })
	add("address", func() { fs.StringVar(&f.Address, "address", "", "only this `address`") })
	add("type", func() {
		fs.StringVar(&f.Type, "type", "", "only listeners of this `type`: HTTP, TCP, HTTP+TCP, UNKNOWN")
	})
	add("name", func() { fs.StringVar(&f.Name, "name", "", "only the route configuration of this `name`") })
	add("cluster", func() { fs.StringVar(&f.Cluster, "cluster", "", "only endpoints of this `cluster`") })
	add("status", func() {
		fs.StringVar(&f.Status, "status", "", "only endpoints of this health `status`, such as healthy")
	})
	add("istio-object", func() {
		fs.StringVar(&o.object, "istio-object", "", "only what comes from this `Kind/namespace/name`, such as VirtualService/shop/catalog")
	})
	add("verbose", func() { fs.BoolVar(&o.verbose, "verbose", true, "a row for each match, not one a resource") })
}

func (o *proxyViewOptions) validate(e *env, cmd *cobra.Command, args []string) error {
	o.filter.Brief, o.filter.Now = !o.verbose, e.now()
	if o.object != "" {
		object, err := xds.ParseObject(o.object)
		if err != nil {
			return usageError{err}
		}
		o.filter.Object = object
	}
	o.given = ""
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "verbose" && slices.Contains(o.view.Filters, f.Name) {
			o.given += " --" + f.Name + " " + f.Value.String()
		}
	})
	o.output = e.format()
	if o.view.Bare && !cmd.Flags().Changed("output") {
		o.output = printer.JSON
	}
	o.filter.Wide = o.output == printer.Wide
	return o.source.validate(args)
}

func runProxyView(ctx context.Context, e *env, o *proxyViewOptions) error {
	targets, err := o.source.targets(ctx, e)
	if err != nil {
		return err
	}
	answers := readAll(ctx, targets, o.view.Reads)
	reports := make([]proxyconfig.Report, len(answers))
	for i := range answers {
		if a := &answers[i]; a.err == nil {
			if reports[i], err = o.view.Rows(a.dump, o.filter); err != nil {
				a.err = a.wrap(err)
			}
			o.noteNothing(a.dump, &reports[i])
		}
	}
	if len(answers) == 1 {
		if answers[0].err != nil {
			return answers[0].err
		}
		return e.printProxyReport(o.output, reports[0])
	}
	return e.printProxyReports(o.output, answers, reports)
}

// noteNothing says that the filters have left nothing, and of how much. An empty table
// alone looks as if the proxy had nothing at all.
func (o *proxyViewOptions) noteNothing(d *dump.Dump, r *proxyconfig.Report) {
	if o.given == "" || len(r.Rows) > 0 {
		return
	}
	whole, err := o.view.Rows(d, proxyconfig.Filter{Brief: true, Now: o.filter.Now})
	if err != nil {
		return // it has been told
	}
	slices.Sort(whole.Names)
	r.Notes = append(r.Notes, fmt.Sprintf("no %s passes%s; without it there are %d", o.view.Name, o.given, len(slices.Compact(whole.Names))))
}

// printProxyReport hands a view's report to the printer.
func (e *env) printProxyReport(format printer.Format, r proxyconfig.Report) error {
	for _, note := range r.Notes {
		fmt.Fprintln(e.err, "note:", note)
	}
	if r.Lines != nil && (format == printer.Table || format == printer.Wide) {
		_, err := fmt.Fprintln(e.out, strings.Join(r.Lines, "\n"))
		return err
	}
	out := printer.Report{Rows: r.Rows, Names: slices.Compact(slices.Clone(r.Names))}
	if format == printer.JSON || format == printer.YAML {
		out.Data = proxyReportData(r)
	}
	for _, c := range r.Columns {
		out.Columns = append(out.Columns, printer.Column(c))
	}
	return printer.Print(e.out, format, out)
}

// proxyReportData is the data of a report, in pieces if there may be much of it.
func proxyReportData(r proxyconfig.Report) any {
	if r.Each == nil {
		return r.Data()
	}
	list := make(printer.List, len(r.Each))
	for i, element := range r.Each {
		list[i] = printer.Lazy(func() any { return element() })
	}
	return list
}
