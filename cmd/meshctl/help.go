package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usage writes how a command is called. The flags that every command has are
// left to `options`, so that a command's own stand out.
func usage(cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if !isFolder(cmd) {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s [command]\n", cmd.CommandPath())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAliases:\n  %s\n", cmd.NameAndAliases())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	for _, group := range cmd.Groups() {
		writeCommands(&b, group.Title, cmd, group.ID)
	}
	writeCommands(&b, "Commands:", cmd, "")
	if flags := ownFlags(cmd).FlagUsagesWrapped(flagWidth); flags != "" {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags)
	}
	name := cmd.Root().DisplayName()
	fmt.Fprintf(&b, "\nUse `%s options` for the flags that every command has", name)
	if !cmd.HasParent() {
		fmt.Fprintf(&b, ",\n`%s help exit-codes` for what the exit codes mean", name)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, ",\n`%s COMMAND --help` for more about a command", cmd.CommandPath())
	}
	b.WriteString(".\n")
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// onlyFolder is the annotation of commands that do nothing but hold others.
const onlyFolder = "meshctl/only-folder"

func isFolder(cmd *cobra.Command) bool {
	_, folder := cmd.Annotations[onlyFolder]
	return folder
}

// flagWidth is the width to which the descriptions of flags are wrapped. It
// is fixed, so that generated documentation is the same everywhere.
const flagWidth = 100

// ownFlags are a command's flags less the global ones and --help.
func ownFlags(cmd *cobra.Command) *pflag.FlagSet {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	global := cmd.Root().PersistentFlags()
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if global.Lookup(f.Name) != f && f.Name != "help" {
			own.AddFlag(f)
		}
	})
	return own
}

func writeCommands(b *strings.Builder, title string, parent *cobra.Command, group string) {
	var lines strings.Builder
	for _, cmd := range parent.Commands() {
		if cmd.GroupID == group && cmd.IsAvailableCommand() {
			fmt.Fprintf(&lines, "  %-*s  %s\n", parent.Commands()[0].NamePadding(), cmd.Name(), cmd.Short)
		}
	}
	if lines.Len() > 0 {
		fmt.Fprintf(b, "\n%s\n%s", title, lines.String())
	}
}
