package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

type proxyAllOptions struct {
	proxyViewOptions
	headers bool
	save    bool
}

func newProxyAllCmd(e *env, runF func(context.Context, *proxyAllOptions) error) *cobra.Command {
	o := &proxyAllOptions{}
	o.verbose = true
	o.view.Filters = []string{"fqdn", "port", "subset", "direction", "address", "type", "name", "verbose", "istio-object"}
	cmd := &cobra.Command{
		Use:     "all [POD | TYPE/NAME]...",
		Aliases: []string{"a"},
		Short:   "Show everything that a dump has, one table after the other",
		Example: `  # Everything that has to do with one service
  meshctl proxy-config all --file config_dump.json --fqdn catalog

  # Keep the dump, to compare with it later by diff last
  meshctl proxy-config all deploy/catalog -n shop --save -o name

  # The dump itself, secrets taken out
  meshctl proxy-config all --file config_dump.json -o json`,
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(e, cmd, args); err != nil {
				return err
			}
			if o.save && (o.source.file != "" || o.source.admin != "") {
				return usagef("--save keeps dumps of pods; a file is kept already, and --admin names no pod")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProxyAll(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	o.source.register(cmd.Flags())
	e.adminPortFlag(cmd)
	o.addFilters(cmd)
	cmd.Flags().BoolVar(&o.save, "save", false, "keep the dump, without secrets, to compare with it by diff last")
	cmd.Flags().BoolVar(&o.headers, "with-headers", false, "put a title before each table")
	return cmd
}

func runProxyAll(ctx context.Context, e *env, o *proxyAllOptions) error {
	targets, err := o.source.targets(ctx, e)
	if err != nil {
		return err
	}
	whole := o.output == printer.JSON || o.output == printer.YAML
	want := proxyconfig.OverviewReads(whole)
	if o.save {
		want |= dump.Whole
	}
	answers := readAll(ctx, targets, want)
	data := printer.List{}
	var failed error
	for _, a := range answers {
		err := a.err
		if err == nil && o.save {
			err = e.keepDump(a.name, a.dump)
		}
		switch {
		case err != nil:
		case whole:
			data = append(data, ofProxy(a.name, textPieces(a.dump.Text)))
		default:
			err = o.printOverview(e, a, len(answers) > 1)
		}
		if err != nil && len(answers) == 1 {
			return err
		}
		if err != nil {
			fmt.Fprintln(e.err, "error:", err)
			failed = errSomeProxies
		}
	}
	switch {
	case whole && len(answers) == 1:
		return printer.Print(e.out, o.output, printer.Report{Data: textPieces(answers[0].dump.Text)})
	case whole:
		err = printer.Print(e.out, o.output, printer.Report{Data: data})
	}
	return errors.Join(err, failed)
}

// textPieces gives a dump as it was written, secrets taken out.
func textPieces(t dump.Text) printer.Object {
	whole := printer.Object{}
	for _, m := range t {
		value := any(printer.Lazy(func() any { return dump.Redact(m.Value) }))
		if m.Value == nil {
			list := printer.List{}
			for _, c := range m.Configs {
				list = append(list, textPieces(c))
			}
			for _, v := range m.List {
				list = append(list, printer.Lazy(func() any { return dump.Redact(v) }))
			}
			value = list
		}
		whole = append(whole, printer.Member{Name: m.Name, Value: value})
	}
	return whole
}

// printOverview prints the tables of one proxy.
func (o *proxyAllOptions) printOverview(e *env, a proxyAnswer, titled bool) error {
	begun, printing := false, error(nil)
	notes, err := proxyconfig.Overview(a.dump, o.filter, func(part proxyconfig.Part) error {
		if o.output != printer.Name {
			switch {
			case begun:
				fmt.Fprintln(e.out)
			case titled:
				fmt.Fprintf(e.out, "====== %s ======\n\n", a.name)
			}
			if o.headers {
				fmt.Fprintf(e.out, "------ %s ------\n\n", part.Title)
			}
		}
		begun = true
		printing = e.printProxyReport(o.output, part.Report)
		return printing
	})
	if err != nil && printing == nil {
		err = a.wrap(err)
	}
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(e.err, "note:", note)
	}
	return nil
}
