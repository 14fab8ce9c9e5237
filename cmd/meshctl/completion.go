package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeFlags lets the shell complete the values of flags: words of a
// choice, contexts, namespaces. A flag that completes itself keeps its way.
func completeFlags(e *env, cmd *cobra.Command) {
	complete := func(f *pflag.Flag) {
		if _, has := cmd.GetFlagCompletionFunc(f.Name); has {
			return
		}
		if c, ok := f.Value.(interface{ words() []string }); ok {
			// The flag was registered a moment ago, so this cannot fail.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(c.words(), cobra.ShellCompDirectiveNoFileComp))
		}
	}
	cmd.LocalFlags().VisitAll(complete)
}
