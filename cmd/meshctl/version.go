package main

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

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

  # The meshes of all clusters in the kubeconfig
  meshctl version --all-contexts

  # This program only; no cluster is contacted
  meshctl version --remote=false`,
		Annotations: map[string]string{severalClusters: ""},
		Args:        usageArgs(cobra.NoArgs),
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

// versions is the answer of the version command; the names of the fields are
// those of istioctl.
type versions struct {
	Client       buildInfo       `json:"clientVersion"`
	ControlPlane []istiodVersion `json:"meshVersion,omitempty"`
	DataPlane    *[]proxyVersion `json:"dataPlaneVersion,omitempty"`
}

func runVersion(ctx context.Context, e *env, o *versionOptions) error {
	v := versions{Client: clientVersion()}
	var failure error
	if o.remote {
		// What is known is printed even if the cluster does not answer.
		failure = e.askMesh(ctx, &v)
	}
	if err := printVersions(e, o, v); err != nil {
		return err
	}
	return failure
}

func printVersions(e *env, o *versionOptions, v versions) error {
	if e.global.output != printer.Table && e.global.output != printer.Wide {
		return printer.Print(e.out, e.global.output, printer.Report{Data: v, Names: []string{v.Client.Version}})
	}
	client := v.Client.Version
	if !o.short {
		client = fmt.Sprintf("%s (%s, %s)", client, v.Client.GoVersion, v.Client.Platform)
	}
	fmt.Fprintln(e.out, "client version:", client)
	if v.DataPlane == nil {
		return nil
	}
	fmt.Fprintln(e.out, "control plane version:", controlPlaneText(v.ControlPlane))
	fmt.Fprintln(e.out, "data plane version:", dataPlaneText(*v.DataPlane))
	if e.global.output == printer.Table {
		return nil
	}
	report := printer.Report{Columns: printer.Columns("PROXY", "TYPE", "VERSION")}
	for _, p := range *v.DataPlane {
		report.Rows = append(report.Rows, []string{p.ID, p.Type, p.Version})
	}
	fmt.Fprintln(e.out)
	return printer.Print(e.out, printer.Table, report)
}

func controlPlaneText(istiods []istiodVersion) string {
	if len(istiods) == 0 {
		return "none found"
	}
	var texts []string
	for _, i := range istiods {
		text := i.Info.Version
		if i.Revision != "default" {
			text += " (revision " + i.Revision + ")"
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}

func dataPlaneText(proxies []proxyVersion) string {
	if len(proxies) == 0 {
		return "no proxies connected"
	}
	count := map[string]int{}
	for _, p := range proxies {
		count[p.Version]++
	}
	var texts []string
	for _, version := range slices.Sorted(maps.Keys(count)) {
		unit := "proxies"
		if count[version] == 1 {
			unit = "proxy"
		}
		texts = append(texts, fmt.Sprintf("%s (%d %s)", version, count[version], unit))
	}
	return strings.Join(texts, ", ")
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
