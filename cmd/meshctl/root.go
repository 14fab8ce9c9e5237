package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of commands, in the order of help.
const (
	groupInstall   = "install"
	groupWorkloads = "workloads"
	groupConfig    = "configuration"
	groupProxies   = "proxies"
	groupLook      = "look"
	groupClusters  = "clusters"
	groupCLI       = "cli"
)

// newRootCmd builds the whole command tree. name is how the user called the
// program; examples and help speak of it by that name.
func newRootCmd(e *env, name string) *cobra.Command {
	root := &cobra.Command{
		Use:   "meshctl",
		Short: "Install, check and explain an Istio service mesh",
		Long: `meshctl is the command line for people who run an Istio service mesh: it installs
the mesh, puts sidecars into YAML, finds conflicts in mesh configuration, shows
and compares what Envoy really does, and opens the mesh's dashboards.`,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: name},
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := e.configure(cmd); err != nil {
				return err
			}
			if err := e.chooseContext(cmd); err != nil {
				return err
			}
			return e.bound(cmd)
		},
	}
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	root.SetGlobalNormalizationFunc(kebabCase)
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// In `meshctl anlyze -f x` the mistake is the command, not its flag.
		if before := cmd.Flags().Args(); len(before) > 0 && cmd.Annotations[onlyFolder] != "" {
			return cmd.Args(cmd, before)
		}
		return usageError{err}
	})
	e.global.register(root.PersistentFlags())

	root.AddGroup(
		&cobra.Group{ID: groupInstall, Title: "Install:"},
		&cobra.Group{ID: groupWorkloads, Title: "Workloads:"},
		&cobra.Group{ID: groupConfig, Title: "Configuration:"},
		&cobra.Group{ID: groupProxies, Title: "Proxies:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
		&cobra.Group{ID: groupClusters, Title: "Clusters:"},
		&cobra.Group{ID: groupCLI, Title: "The command line itself:"},
	)
	root.SetHelpCommandGroupID(groupCLI)
	root.SetCompletionCommandGroupID(groupCLI)
	root.AddCommand(
		newAddonsCmd(e),
		newAdminCmd(e),
		newAnalyzeCmd(e, nil),
		newAuthzCmd(e),
		newCheckCmd(e, nil),
		newCheckInjectCmd(e, nil),
		newCollectCmd(e, nil),
		newConfigCmd(e),
		newDashboardCmd(e, nil),
		newEnvoyStatsCmd(e, nil),
		newExitCodesCmd(),
		newExperimentalCmd(e),
		newInjectCmd(e, nil),
		newInjectorCmd(e),
		newInstallCmd(e, nil),
		newInternalDebugCmd(e, nil),
		newManifestCmd(e),
		newMetricsCmd(e, nil),
		newOptionsCmd(),
		newPrecheckCmd(e, nil),
		newProfileCmd(e),
		newProxyConfigCmd(e),
		newProxyStatusCmd(e, nil),
		newPruneCmd(e, nil),
		newSnapshotCmd(e, nil),
		newTagCmd(e),
		newUninjectCmd(e, nil),
		newUninstallCmd(e, nil),
		newUpgradeCmd(e, nil),
		newValidateCmd(e, nil),
		newVersionCmd(e, nil),
		newWaitCmd(e, nil),
		newZtunnelConfigCmd(e),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	finish(e, root, name)
	return root
}

// finish gives every command what cobra does not inherit: strict arguments
// for parents, the user's name for the program, completion of flag values.
func finish(e *env, cmd *cobra.Command, name string) {
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args = usageArgs(cobra.NoArgs)
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		if cmd.Annotations == nil {
			cmd.Annotations = map[string]string{}
		}
		cmd.Annotations[onlyFolder] = "true"
	}
	if name != "meshctl" {
		cmd.Example = strings.ReplaceAll(cmd.Example, "meshctl ", name+" ")
		cmd.Long = strings.ReplaceAll(cmd.Long, "`meshctl ", "`"+name+" ")
	}
	if _, several := cmd.Annotations[severalClusters]; several {
		cmd.RunE = e.inClusters(cmd.RunE)
	}
	cmd.DisableFlagsInUseLine = true
	cmd.SuggestionsMinimumDistance = 2
	completeFlags(e, cmd)
	for _, child := range cmd.Commands() {
		finish(e, child, name)
	}
}

// usageArgs makes a mistake in the arguments a usage error. An unknown
// subcommand is answered with the ones that are spelt like it.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err == nil:
			return nil
		case !isFolder(cmd) && check(cmd, nil) == nil && check(cmd, args[:1]) != nil:
			return usagef("`%s` takes no arguments, only flags; got %q", cmd.CommandPath(), args[0])
		case !isFolder(cmd):
			return usagef("%w; the command is `%s`", err, cmd.UseLine())
		}
		text := fmt.Sprintf("%q is not a command of `%s`", args[0], cmd.CommandPath())
		if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
			text += "; did you mean " + strings.Join(similar, " or ") + "?"
		}
		return usageError{errors.New(text)}
	}
}
