package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/ztunnel"
)

func newZtunnelConfigCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ztunnel-config",
		Aliases: []string{"zc"},
		GroupID: groupProxies,
		Short:   "Show what a ztunnel, the node proxy of ambient mode, knows and does",
	}
	for _, view := range ztunnel.Views() {
		cmd.AddCommand(newZtunnelViewCmd(e, []ztunnel.View{view}, view.Name, view.Aliases, view.Short, nil))
	}
	cmd.AddCommand(newZtunnelViewCmd(e, ztunnel.Views(), "all", []string{"a"}, "Show everything, one table after the other", nil))
	cmd.AddCommand(newZtunnelLogCmd(e, nil))
	return cmd
}

// ztunnelOptions are the flags of one view, or of all.
type ztunnelOptions struct {
	views   []ztunnel.View
	filter  ztunnel.Filter
	pod     string
	file    string
	node    string
	headers bool
}

func newZtunnelViewCmd(e *env, views []ztunnel.View, name string, aliases []string, short string, runF func(context.Context, *ztunnelOptions) error) *cobra.Command {
	o := &ztunnelOptions{views: views}
	cmd := &cobra.Command{
		Use:     name + " [POD]",
		Aliases: aliases,
		Short:   short,
		Example: "  # From the ztunnel of a node; without --node from any\n  meshctl ztunnel-config " + name + " --node worker-1\n\n" +
			"  # From a dump that was taken before\n  meshctl ztunnel-config " + name + " --file config_dump.json",
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.pod = args[0]
			}
			if o.file != "" && (o.pod != "" || o.node != "") {
				return usagef("--file and a pod or --node exclude each other")
			}
			o.filter.Now = e.now()
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runZtunnelConfig(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatShort)
	e.adminPortFlag(cmd)
	fs := cmd.Flags()
	fs.StringVarP(&o.file, "file", "f", "", "read the dump from a `file`, - is standard input")
	fs.StringVar(&o.node, "node", "", "ask the ztunnel of this `node`")
	if len(views) > 1 {
		fs.BoolVar(&o.headers, "with-headers", false, "put a title before each table")
		return cmd
	}
	for _, filter := range views[0].Filters {
		switch filter {
		case "workload-namespace", "service-namespace", "policy-namespace":
			fs.StringVar(&o.filter.Namespace, filter, "", "only this `namespace`")
		case "workload-node":
			fs.StringVar(&o.filter.Node, filter, "", "only workloads of this `node`")
		case "address":
			fs.StringVar(&o.filter.Address, filter, "", "only the workload with this `address`")
		case "direction":
			fs.StringVar(&o.filter.Direction, filter, "", "only `inbound or outbound` connections")
		case "raw":
			fs.BoolVar(&o.filter.Raw, filter, false, "addresses instead of names")
		}
	}
	return cmd
}

// ztunnelDump reads the dump from a file or from a ztunnel of the cluster.
func (e *env) ztunnelDump(ctx context.Context, o *ztunnelOptions) (*ztunnel.Dump, error) {
	target := e.fileTarget(o.file)
	if o.file == "" {
		pods, err := e.ztunnelPods(ctx, o.pod, o.node)
		if err != nil {
			return nil, err
		}
		cluster, err := e.cluster()
		if err != nil {
			return nil, err
		}
		target = proxyTarget{name: pods[0].Name + "." + pods[0].Namespace, open: onPod(cluster, pods[0], e.adminPort())}
	}
	body, err := target.open(ctx, strings.TrimSuffix(envoy.ConfigDump, "?include_eds"))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	d, err := ztunnel.Read(body)
	if err != nil {
		return nil, target.wrap(err)
	}
	return d, nil
}

func runZtunnelConfig(ctx context.Context, e *env, o *ztunnelOptions) error {
	d, err := e.ztunnelDump(ctx, o)
	if err != nil {
		return err
	}
	format := e.format()
	everything := map[string]any{}
	for i, view := range o.views {
		r := view.Rows(d, o.filter)
		everything[view.Name] = r.Data
		if len(o.views) > 1 && (format == printer.JSON || format == printer.YAML) {
			continue
		}
		if err := e.printZtunnel(format, view.Name, r, o.headers, i); err != nil {
			return err
		}
	}
	if len(o.views) > 1 && (format == printer.JSON || format == printer.YAML) {
		return printer.Print(e.out, format, printer.Report{Data: everything})
	}
	return nil
}

// printZtunnel prints one view, the i-th of several.
func (e *env) printZtunnel(format printer.Format, name string, r ztunnel.Report, headers bool, i int) error {
	table := format == printer.Table || format == printer.Wide
	if table && i > 0 {
		fmt.Fprintln(e.out)
	}
	if table && headers {
		if _, err := io.WriteString(e.out, "------ "+strings.ToUpper(name)+" ------\n\n"); err != nil {
			return err
		}
	}
	return printer.Print(e.out, format, printer.Report{
		Columns: printer.Columns(r.Columns...), Rows: r.Rows, Names: slices.Compact(slices.Clone(r.Names)), Data: r.Data,
	})
}
