package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
)

// version is set by the linker for released binaries; it stays empty in
// others, which report what the Go toolchain recorded.
var version string

type versionOptions struct {
	remote bool
	short  bool
}

func newVersionCmd(e *env, runF func(context.Context, *versionOptions) error) *cobra.Command {
	o := &versionOptions{}
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show the versions of meshctl, the control plane and the proxies",
		GroupID: groupCLI,
		Example: `  # This program and the mesh of the current cluster
  meshctl version

  # This program only; no cluster is contacted
  meshctl version --remote=false`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runVersion(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.remote, "remote", true, "ask the cluster for its control plane and proxies")
	cmd.Flags().BoolVarP(&o.short, "short", "s", false, "show version numbers only")
	return cmd
}

// buildInfo says which build of meshctl this is.
type buildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	GoVersion string `json:"golang_version"`
	Platform  string `json:"platform"`
}

// versions is the answer of the version command.
type versions struct {
	Client buildInfo `json:"clientVersion"`
}

func runVersion(_ context.Context, e *env, o *versionOptions) error {
	v := versions{Client: clientVersion()}
	switch e.global.output {
	case printer.Table, printer.Wide:
		text := v.Client.Version
		if !o.short {
			text = fmt.Sprintf("%s (%s, %s)", text, v.Client.GoVersion, v.Client.Platform)
		}
		_, err := fmt.Fprintln(e.out, "client version:", text)
		return err
	}
	return printer.Print(e.out, e.global.output, printer.Report{Data: v, Names: []string{v.Client.Version}})
}

func clientVersion() buildInfo {
	b := buildInfo{Version: version, GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok && b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "unknown"
	}
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	return b
}
