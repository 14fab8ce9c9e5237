package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/dashboard"
)

func newDashboardListCmd(e *env, runF func(context.Context, *dashboardOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the dashboards that the cluster runs",
		Example: `  meshctl dashboard list
  meshctl dashboard list -n monitoring -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := &dashboardOptions{}
			return o.run(cmd.Context(), e, runF, func(ctx context.Context, e *env, _ *dashboardOptions) error {
				return runDashboardList(ctx, e)
			})
		},
	}
}

func runDashboardList(ctx context.Context, e *env) error {
	found, err := e.findDashboards(ctx)
	if err != nil {
		return err
	}
	report := printer.Report{
		Columns: append(printer.Columns("DASHBOARD", "NAMESPACE", "POD", "PORT", "READY"), printer.Column{Title: "SELECTOR", Wide: true}),
		Data:    found,
	}
	for _, f := range found {
		report.Rows = append(report.Rows, []string{f.Dashboard, f.Namespace, f.Pod, strconv.Itoa(f.Port), strconv.FormatBool(f.Ready), f.Selector})
		report.Names = append(report.Names, f.Dashboard)
	}
	return printer.Print(e.out, e.global.output, report)
}

// findDashboards looks for all dashboards at once. The list is never nil.
func (e *env) findDashboards(ctx context.Context) ([]dashboard.Found, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	all := dashboard.All()
	lists := make([][]dashboard.Found, len(all))
	work, workCtx := errgroup.WithContext(ctx)
	for i, d := range all {
		work.Go(func() (err error) {
			lists[i], err = dashboard.Find(workCtx, e.podsAnywhere(cluster), d, e.global.kube.Namespace)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	found := []dashboard.Found{}
	for _, list := range lists {
		found = append(found, list...)
	}
	return found, nil
}

func newDashboardAllCmd(e *env, shared *dashboardOptions, runF func(context.Context, *dashboardOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:         "all",
		Short:       "Open every dashboard that the cluster runs",
		Example:     "  meshctl dashboard all --browser=false",
		Args:        usageArgs(cobra.NoArgs),
		Annotations: map[string]string{noDeadline: "true"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := *shared
			if o.port != 0 {
				return usagef("--port is one port, and `dashboard all` needs one for each dashboard")
			}
			return o.run(cmd.Context(), e, runF, runDashboardAll)
		},
	}
}

func runDashboardAll(ctx context.Context, e *env, o *dashboardOptions) error {
	o.warnOfAddress(e)
	step, cancel := e.step(ctx)
	defer cancel()
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	found, err := e.findDashboards(step)
	if err != nil {
		return err
	}
	dashboards := []*opened{}
	defer func() {
		for _, d := range dashboards {
			d.forward.Close()
		}
	}()
	var failures []error
	for _, f := range found {
		one := *o
		one.dashboard = byName(f.Dashboard)
		d, err := one.openTarget(step, e, one.target(cluster, f.Namespace, f.Selector), &f)
		if err != nil {
			failures = append(failures, fmt.Errorf("opening %s of namespace %s: %w", f.Dashboard, f.Namespace, err))
			continue
		}
		dashboards = append(dashboards, d)
	}
	if len(dashboards) == 0 {
		if len(failures) > 0 {
			return errors.Join(failures...)
		}
		return errors.New("looking for dashboards: none found")
	}
	for _, err := range failures {
		e.tell("warning: %v", err)
	}
	report := printer.Report{Columns: printer.Columns("DASHBOARD", "URL", "POD"), Data: dashboards}
	for _, d := range dashboards {
		report.Rows = append(report.Rows, []string{d.Name, d.URL, d.Namespace + "/" + d.Pod})
		report.Names = append(report.Names, d.Name)
	}
	if err := printer.Print(e.out, e.global.output, report); err != nil {
		return err
	}
	for _, d := range dashboards {
		if err := o.tellCredentials(ctx, e, d); err != nil {
			return err
		}
		o.browse(e, d.URL)
	}
	return runAll(ctx, dashboards)
}

func byName(name string) dashboard.Dashboard {
	for _, d := range dashboard.All() {
		if d.Name == name {
			return d
		}
	}
	return dashboard.Dashboard{Name: name}
}

// runAll serves all dashboards until ctx ends.
func runAll(ctx context.Context, dashboards []*opened) error {
	errs := make([]error, len(dashboards))
	var serving sync.WaitGroup
	for i, d := range dashboards {
		serving.Go(func() { errs[i] = d.forward.Run(ctx) })
	}
	serving.Wait()
	return errors.Join(errs...)
}
