package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/install"
)

// meshInput are the flags by which commands are told which mesh is meant.
type meshInput struct {
	files       []string
	values      []string
	sets        []string
	setStrings  []string
	manifests   string
	version     string
	profile     string
	revision    string
	hub, tag    string
	platform    string
	compat      string
	force       bool
	kubeVersion string

	// goOn starts from what the cluster's mesh was asked for, unless something
	// else is given to start from.
	goOn bool
}

func (m *meshInput) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringSliceVarP(&m.files, "filename", "f", nil, "IstioOperator `file`, merged in the order given (repeatable, - for stdin)")
	fs.StringArrayVarP(&m.sets, "set", "s", nil, "set one field, as `PATH=VALUE` below spec (repeatable)")
	fs.StringArrayVar(&m.setStrings, "set-string", nil, "as --set, but the value stays a text: `PATH=VALUE`")
	fs.StringSliceVar(&m.values, "values", nil, "`file` of Helm values (repeatable)")
	fs.StringVar(&m.profile, "profile", "", "`name` of the profile to start from (see `meshctl profile list`)")
	fs.StringVarP(&m.revision, "revision", "r", "", "`revision` of the control plane")
	fs.StringVar(&m.hub, "hub", "", "`registry` and path of the images")
	fs.StringVar(&m.tag, "tag", "", "`tag` of the images")
	fs.StringVar(&m.platform, "platform", "", "`platform` that the cluster runs on, such as gke or openshift")
	fs.StringVar(&m.compat, "compatibility-version", "", "`version` whose defaults are kept, such as 1.30")
	fs.StringVarP(&m.manifests, "manifests", "d", "", "`location` of charts and profiles: directory, .tgz, https:// or oci://, or embedded for those in this program (default: what installPackagePath says, else embedded)")
	fs.StringVar(&m.manifests, "charts", "", "old name of --manifests")
	_ = fs.MarkHidden("charts") // it exists, so this cannot fail
	fs.StringVar(&m.version, "chart-version", "", "`version` of the charts in a repository given by --manifests")
	fs.BoolVar(&m.force, "force", false, "go on although the input has mistakes")
	fs.StringVar(&m.kubeVersion, "kube-version", "", "`version` of Kubernetes that the charts are told, such as 1.34.0")
	_ = cmd.RegisterFlagCompletionFunc("profile", completeProfiles)
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	_ = cmd.MarkFlagFilename("values", "yaml", "yml")
}

func completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, err := install.Profiles(install.EmbeddedCharts())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// input reads the files that the flags name.
func (m *meshInput) input(ctx context.Context, e *env) (install.Input, error) {
	in := install.Input{
		Profile: m.profile, Revision: m.revision, Hub: m.hub, Tag: m.tag,
		Platform: m.platform, CompatibilityVersion: m.compat,
		KubeVersion: m.kubeVersion, Force: m.force,
	}
	if m.version != "" { // charts of a version go with its images
		in.Release = install.Release{Hub: install.DefaultRelease().Hub, Tag: m.version}
	}
	var err error
	if in.Charts, err = (install.ChartSource{Version: m.version}).Open(ctx, m.manifests); err != nil {
		return in, inputError(err)
	}
	if in.Files, err = readInputs(e, m.files); err != nil {
		return in, err
	}
	if in.ValuesFiles, err = readInputs(e, m.values); err != nil {
		return in, err
	}
	for _, text := range m.sets {
		in.Settings = append(in.Settings, install.Setting{Text: text})
	}
	for _, text := range m.setStrings {
		in.Settings = append(in.Settings, install.Setting{Text: text, String: true})
	}
	return in, nil
}

// config merges and validates what the flags say; warnings go to stderr.
func (m *meshInput) config(ctx context.Context, e *env) (*install.Config, error) {
	in, err := m.input(ctx, e)
	if err != nil {
		return nil, err
	}
	config, err := install.Resolve(in)
	if err != nil {
		return nil, inputError(err)
	}
	e.warn(config.Warnings...)
	return config, nil
}

// render renders the charts of what the flags say.
func (m *meshInput) render(ctx context.Context, e *env) (*install.Rendering, error) {
	config, err := m.config(ctx, e)
	if err != nil {
		return nil, err
	}
	rendering, err := install.Render(ctx, config, install.RenderOptions{})
	if err != nil {
		return nil, inputError(err)
	}
	e.warn(rendering.Warnings...)
	return rendering, nil
}

// renderFor renders for the cluster: its version decides what charts do, and its
// provider may ask for settings. Mistakes in the input are found without it.
func (m *meshInput) renderFor(ctx context.Context, e *env) (*install.Config, *install.Rendering, meshCluster, error) {
	in, err := m.input(ctx, e)
	if err != nil {
		return nil, nil, meshCluster{}, err
	}
	if _, err := install.Resolve(in); err != nil {
		return nil, nil, meshCluster{}, inputError(err)
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return nil, nil, cluster, err
	}
	version, err := cluster.ServerVersion(ctx)
	if err != nil {
		return nil, nil, cluster, err
	}
	if in.KubeVersion == "" {
		in.KubeVersion = version
	}
	in.Detected = install.Detect(version)
	if m.goOn && in.Profile == "" && len(in.Files)+len(in.ValuesFiles) == 0 {
		if in.Files, err = m.recorded(ctx, e, cluster); err != nil {
			return nil, nil, cluster, err
		}
	}
	config, err := install.Resolve(in)
	if err != nil {
		return nil, nil, cluster, inputError(err)
	}
	rendering, err := install.Render(ctx, config, install.RenderOptions{})
	if err != nil {
		return nil, nil, cluster, inputError(err)
	}
	e.warn(config.Warnings...)
	e.warn(rendering.Warnings...)
	return config, rendering, cluster, nil
}

// inputError makes a mistake in the input a usage error.
func inputError(err error) error {
	var input *install.InputError
	if errors.As(err, &input) {
		return usageError{err}
	}
	return err
}

// warn tells of something that does not stop the command.
func (e *env) warn(warnings ...string) {
	for _, w := range warnings {
		fmt.Fprintln(e.err, "warning:", w)
	}
}

// readInputs reads files whole; "-" is stdin, which can be read only once.
func readInputs(e *env, names []string) ([]install.File, error) {
	var files []install.File
	stdin := false
	for _, name := range names {
		name = strings.TrimSpace(name)
		f := install.File{Name: name}
		var err error
		if name == "-" {
			if stdin {
				return nil, usagef("stdin (-) is given twice; it can be read only once")
			}
			stdin = true
			f.Name = "stdin"
			f.Data, err = io.ReadAll(e.in)
		} else {
			f.Data, err = os.ReadFile(name)
		}
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err // the name is told once
		}
		if err != nil {
			return nil, usagef("reading %s: %w", f.Name, err)
		}
		files = append(files, f)
	}
	return files, nil
}
