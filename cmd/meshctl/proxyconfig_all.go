package main

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

type proxyAllOptions struct {
	proxyViewOptions
	headers bool
}

func newProxyAllCmd(e *env, runF func(context.Context, *proxyAllOptions) error) *cobra.Command {
	o := &proxyAllOptions{}
	o.verbose = true
	o.view.Filters = []string{"fqdn", "port", "subset", "direction", "address", "type", "name", "verbose", "istio-object"}
	cmd := &cobra.Command{
		Use:     "all --file DUMP",
		Aliases: []string{"a"},
		Short:   "Show everything that a dump has, one table after the other",
		Example: `  # Everything that has to do with one service
  meshctl proxy-config all --file config_dump.json --fqdn catalog

  # The dump itself, secrets taken out
  meshctl proxy-config all --file config_dump.json -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(e, cmd); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProxyAll(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	o.source.register(cmd.Flags())
	o.addFilters(cmd)
	cmd.Flags().BoolVar(&o.headers, "with-headers", false, "put a title before each table")
	return cmd
}

func runProxyAll(_ context.Context, e *env, o *proxyAllOptions) error {
	whole := o.output == printer.JSON || o.output == printer.YAML
	d, err := o.source.read(e, proxyconfig.OverviewReads(whole))
	if err != nil {
		return err
	}
	if whole {
		configs := make([]jsontext.Value, len(d.Configs))
		for i, c := range d.Configs {
			configs[i] = dump.Redact(c)
		}
		return printer.Print(e.out, o.output, printer.Report{Data: map[string][]jsontext.Value{"configs": configs}})
	}
	parts, notes, err := proxyconfig.Overview(d, o.filter)
	if err != nil {
		return o.source.wrap(err)
	}
	for i, part := range parts {
		if i > 0 && o.output != printer.Name {
			fmt.Fprintln(e.out)
		}
		if o.headers && o.output != printer.Name {
			fmt.Fprintf(e.out, "------ %s ------\n\n", part.Title)
		}
		if err := e.printProxyReport(o.output, part.Report); err != nil {
			return err
		}
	}
	for _, note := range notes {
		fmt.Fprintln(e.err, "note:", note)
	}
	return nil
}
