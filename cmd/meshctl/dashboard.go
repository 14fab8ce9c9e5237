package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/dashboard"
)

// dashboardOptions are what all dashboard commands have in common.
type dashboardOptions struct {
	port            int
	address         string
	browser         string
	path            string
	showCredentials bool

	dashboard dashboard.Dashboard
	service   string // [NAMESPACE/]NAME[:PORT] in place of what would be found
	selector  string
	uiPort    int
	pod       string // what the user named, for dashboards of single pods

	every time.Duration // between two checks of the connection
}

func newDashboardCmd(e *env, runF func(context.Context, *dashboardOptions) error) *cobra.Command {
	o := &dashboardOptions{}
	cmd := &cobra.Command{
		Use:     "dashboard",
		Aliases: []string{"dash", "d"},
		Short:   "Open the web interfaces of the mesh",
		GroupID: groupLook,
		Long: `Find a web interface in the cluster, connect a local port to it, print its URL
and open a browser if there is one.

The connection heals itself: when the pod is replaced, the connection breaks or
the API server restarts, the local port stays and leads to a pod that is ready.
Ctrl-C ends the command; that is how it is meant to end, so its exit code is 0.`,
		Example: `  meshctl dashboard grafana

  # Whatever is there, each on its own port
  meshctl dashboard all

  # A Prometheus that carries none of the usual labels
  meshctl dashboard prometheus --service monitoring/my-prometheus:9090

  # Only the URL, for a script
  meshctl dashboard kiali --browser=false`,
	}
	flags := cmd.PersistentFlags()
	flags.IntVarP(&o.port, "port", "p", 0, "local `port` (default: the dashboard's own, or any if that is in use)")
	flags.StringVar(&o.address, "address", "localhost", "local `address` to listen on")
	o.browser = "auto"
	flags.Var(newChoice(&o.browser, "auto", "true", "false"), "browser", "`when` to open a browser: true, false, or auto (on a terminal with a screen)")
	flags.Lookup("browser").NoOptDefVal = "true"
	flags.StringVar(&o.path, "path", "", "`path` to open in place of the dashboard's start")
	flags.BoolVar(&o.showCredentials, "show-credentials", false, "print user and password where a dashboard needs them")

	for _, d := range dashboard.All() {
		cmd.AddCommand(newDashboardOpenCmd(e, o, d, runF))
	}
	for _, d := range podDashboards() {
		cmd.AddCommand(newDashboardPodCmd(e, o, d, runF))
	}
	cmd.AddCommand(newDashboardAllCmd(e, o, runF), newDashboardListCmd(e, runF))
	return cmd
}

func newDashboardOpenCmd(e *env, shared *dashboardOptions, d dashboard.Dashboard, runF func(context.Context, *dashboardOptions) error) *cobra.Command {
	var service, selector string
	var uiPort int
	cmd := &cobra.Command{
		Use:   d.Name,
		Short: "Open " + d.Title,
		Example: fmt.Sprintf(`  meshctl dashboard %[1]s
  meshctl dashboard %[1]s -n monitoring --port 8888`, d.Name),
		Args:        usageArgs(cobra.NoArgs),
		Annotations: map[string]string{noDeadline: "true"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := *shared
			o.dashboard, o.service, o.selector, o.uiPort = d, service, selector, uiPort
			return o.run(cmd.Context(), e, runF, runDashboard)
		},
	}
	cmd.Flags().StringVar(&service, "service", "", "`[NAMESPACE/]NAME[:PORT]` of the Service to open, in place of what would be found")
	cmd.Flags().StringVarP(&selector, "selector", "l", "", "`labels` of the pods, in place of the known ones")
	cmd.Flags().IntVar(&uiPort, "ui-port", 0, fmt.Sprintf("`port` of the web interface in the pod (default: as declared, usually %d)", d.Port))
	return cmd
}

// run validates and hands over to the test's function or to the real one.
func (o *dashboardOptions) run(ctx context.Context, e *env, runF func(context.Context, *dashboardOptions) error, real func(context.Context, *env, *dashboardOptions) error) error {
	if err := o.validate(); err != nil {
		return err
	}
	if runF != nil {
		return runF(ctx, o)
	}
	return real(ctx, e, o)
}

func (o *dashboardOptions) validate() error {
	switch {
	case o.port < 0 || o.port > 65535:
		return usagef("--port %d: expected a number from 1 to 65535, or 0 for any", o.port)
	case o.uiPort < 0 || o.uiPort > 65535:
		return usagef("--ui-port %d: expected a number from 1 to 65535", o.uiPort)
	case o.service != "" && o.selector != "":
		return usagef("--service and --selector both say which pods to open; give one of them")
	case o.path != "" && !strings.HasPrefix(o.path, "/"):
		return usagef("--path %q: expected a path that starts with a slash", o.path)
	case strings.Count(o.service, "/") > 1 || strings.HasPrefix(o.service, "/") || strings.HasSuffix(o.service, "/"):
		return usagef("--service %q: expected [NAMESPACE/]NAME[:PORT]", o.service)
	}
	return nil
}
