package main

import "github.com/spf13/cobra"

// newExperimentalCmd reaches the commands that istioctl keeps under
// `experimental` by that way too, for scripts and fingers that know it. Here
// they are like any other, so it is not shown in help.
func newExperimentalCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "experimental",
		Aliases: []string{"x", "exp"},
		Short:   "Reach commands by the way that istioctl has them",
		Hidden:  true,
	}
	cmd.AddCommand(
		newAuthzCmd(e),
		newCheckInjectCmd(e, nil),
		newConfigCmd(e),
		newEnvoyStatsCmd(e, nil),
		newInjectorCmd(e),
		newInternalDebugCmd(e, nil),
		newMetricsCmd(e, nil),
		newPrecheckCmd(e, nil),
		newProxyStatusCmd(e, nil),
		newVersionCmd(e, nil),
		newWaitCmd(e, nil),
	)
	for _, child := range cmd.Commands() {
		child.GroupID = "" // the groups are those of the root
	}
	return cmd
}
