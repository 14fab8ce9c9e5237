package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/dashboard"
)

// podDashboard is a web interface that Istio itself serves from a pod.
type podDashboard struct {
	dashboard.Dashboard
	aliases []string
	istiod  bool // it is one of istiod's, and istiod is meant when no pod is named
	example string
}

// podDashboards lists them in the order in which help shows them. Their ports
// are Istio's fixed ones.
func podDashboards() []podDashboard {
	return []podDashboard{
		{
			Dashboard: dashboard.Dashboard{Name: "controlz", Title: "ControlZ of istiod", Port: 9876},
			istiod:    true,
			example: `  meshctl dashboard controlz
  meshctl dashboard controlz deploy/istiod-canary.istio-system`,
		},
		{
			Dashboard: dashboard.Dashboard{Name: "istiod-debug", Title: "the debug pages of istiod", Port: 15014, Path: "/debug"},
			istiod:    true,
			example: `  meshctl dashboard istiod-debug
  meshctl dashboard istiod-debug -r canary`,
		},
		{
			Dashboard: dashboard.Dashboard{Name: "proxy", Title: "the admin pages of an Envoy or ztunnel", Port: 15000},
			aliases:   []string{"envoy"},
			example: `  meshctl dashboard proxy productpage-v1-6c4f8d-x2x9z.bookinfo
  meshctl dashboard proxy deploy/productpage-v1 -n bookinfo
  meshctl dashboard proxy -n istio-system -l app=ztunnel`,
		},
	}
}

func newDashboardPodCmd(e *env, shared *dashboardOptions, d podDashboard, runF func(context.Context, *dashboardOptions) error) *cobra.Command {
	var selector, revision string
	var uiPort int
	cmd := &cobra.Command{
		Use:               d.Name + " [TYPE/]NAME[.NAMESPACE]",
		Aliases:           d.aliases,
		Short:             "Open " + d.Title,
		Example:           d.example,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		Annotations:       map[string]string{noDeadline: "true"},
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := *shared
			o.dashboard, o.selector, o.uiPort = d.Dashboard, selector, uiPort
			if len(args) == 1 {
				o.pod = args[0]
			}
			given := len(args)
			for _, s := range []string{selector, revision} {
				if s != "" {
					given++
				}
			}
			if given > 1 {
				return usagef("a pod, --selector and --revision exclude each other; give one of them")
			}
			if d.istiod && o.pod == "" {
				if e.global.kube.Namespace == "" {
					e.global.kube.Namespace = e.global.istioNamespace
				}
				o.selector = istiodLabels(selector, revision)
			}
			if o.pod == "" && o.selector == "" {
				return usagef("name a pod or workload, or give its labels by --selector")
			}
			return o.run(cmd.Context(), e, runF, runDashboard)
		},
	}
	cmd.Flags().StringVarP(&selector, "selector", "l", "", "`labels` of the pod")
	if d.istiod {
		cmd.Use = d.Name + " [[TYPE/]NAME[.NAMESPACE]]"
		cmd.Flags().StringVarP(&revision, "revision", "r", "", "`revision` of the istiod")
	}
	cmd.Flags().IntVar(&uiPort, "ui-port", d.Port, "`port` in the pod")
	if d.Name == "controlz" {
		cmd.Flags().IntVar(&uiPort, "ctrlz-port", d.Port, "`port` in the pod")
		_ = cmd.Flags().MarkHidden("ctrlz-port") // istioctl's name of --ui-port
	}
	return cmd
}

func istiodLabels(selector, revision string) string {
	labels := "app=istiod"
	if selector != "" {
		labels += "," + selector
	}
	if revision != "" {
		labels += fmt.Sprintf(",istio.io/rev=%s", revision)
	}
	return labels
}
