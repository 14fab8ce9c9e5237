package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newOptionsCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "options",
		Short:   "List the flags that every command has",
		GroupID: groupCLI,
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Every command has these flags:\n\n%s\n"+
				"Each can also be set by the environment or in the configuration file; see `%s config --help`.\n",
				cmd.Root().PersistentFlags().FlagUsages(), cmd.Root().DisplayName())
			return err
		},
	}
}

// newExitCodesCmd is a help topic: `meshctl help exit-codes`.
func newExitCodesCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long:  exitCodesHelp,
	}
}
