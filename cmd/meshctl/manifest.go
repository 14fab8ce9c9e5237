package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/install"
)

func newManifestCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "manifest",
		Short:   "Render, compare and translate the mesh's manifests",
		GroupID: groupInstall,
	}
	installCmd := newInstallCmd(e, nil) // where istioctl has it too
	installCmd.GroupID = ""
	cmd.AddCommand(
		installCmd,
		newManifestDiffCmd(e, nil),
		newManifestExportCmd(e, nil),
		newManifestGenerateCmd(e, nil),
		newManifestImagesCmd(e, nil),
		newManifestTranslateCmd(e, nil),
	)
	return cmd
}

type manifestGenerateOptions struct {
	mesh       meshInput
	components []string
	output     string
	cluster    bool
}

func newManifestGenerateCmd(e *env, runF func(context.Context, *manifestGenerateOptions) error) *cobra.Command {
	o := &manifestGenerateOptions{}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Print the manifests of a mesh",
		Long: `Render the charts for a profile, IstioOperator files and single settings, and
print the objects in the order in which they are to be applied. No cluster is
contacted, unless --cluster-specific is given.`,
		Example: `  # The default profile
  meshctl manifest generate

  # Another profile, a file, and one setting on top
  meshctl manifest generate --profile ambient -f mesh.yaml --set meshConfig.accessLogFile=/dev/stdout

  # One file for each component, in a folder
  meshctl manifest generate -o manifests/

  # A key with dots in it: escape them
  meshctl manifest generate --set 'values.sidecarInjectorWebhook.injectedAnnotations.example\.com/team=mesh'`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runManifestGenerate(cmd.Context(), e, o)
		},
	}
	o.mesh.register(cmd)
	cmd.Flags().StringSliceVar(&o.components, "component", nil, "print only this `component`: Base, Pilot, Cni, Ztunnel, IngressGateways, EgressGateways (repeatable)")
	cmd.Flags().BoolVar(&o.cluster, "cluster-specific", false, "ask the cluster for its version and what its provider needs")
	cmd.Flags().StringVarP(&o.output, "output", "o", "yaml", "yaml, json or name on stdout; else a `file` (.yaml, .json) or a directory to write to")
	return cmd
}

func runManifestGenerate(ctx context.Context, e *env, o *manifestGenerateOptions) error {
	rendering, err := o.rendering(ctx, e)
	if err != nil {
		return err
	}
	switch o.output {
	case "yaml", "table", "wide": // those two are what a configuration file may say
		return writeObjects(e, rendering.Objects)
	case "json":
		list, err := objectList(rendering.Objects)
		if err != nil {
			return err
		}
		return printer.PrintJSON(e.out, list)
	case "name":
		for _, object := range rendering.Objects {
			fmt.Fprintln(e.out, object.ID())
		}
		return nil
	}
	return writeManifests(o.output, rendering)
}

func (o *manifestGenerateOptions) rendering(ctx context.Context, e *env) (*install.Rendering, error) {
	if o.cluster {
		_, rendering, _, err := o.mesh.renderFor(ctx, e)
		return rendering, err
	}
	config, err := o.mesh.config(ctx, e)
	if err != nil {
		return nil, err
	}
	rendering, err := install.Render(ctx, config, install.RenderOptions{Components: o.components})
	if err != nil {
		return nil, inputError(err)
	}
	e.warn(rendering.Warnings...)
	return rendering, nil
}

// writeObjects prints a stream in which each document ends with a separator.
func writeObjects(e *env, objects []*install.Object) error {
	data, err := stream(objects)
	if err != nil {
		return err
	}
	_, err = e.out.Write(data)
	return err
}

func stream(objects []*install.Object) ([]byte, error) {
	var b bytes.Buffer
	for _, object := range objects {
		data, err := object.YAML()
		if err != nil {
			return nil, err
		}
		b.Write(data)
		b.WriteString("---\n")
	}
	return b.Bytes(), nil
}

// objectList is the JSON form of a manifest: a Kubernetes List.
func objectList(objects []*install.Object) (map[string]any, error) {
	items := []any{}
	for _, object := range objects {
		content, err := object.Content()
		if err != nil {
			return nil, err
		}
		items = append(items, content)
	}
	return map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, nil
}

// writeManifests writes one file, or a folder with one file a component.
func writeManifests(target string, r *install.Rendering) error {
	switch filepath.Ext(target) {
	case ".yaml", ".yml":
		data, err := stream(r.Objects)
		if err != nil {
			return err
		}
		return resource.WriteFile(target, data)
	case ".json":
		list, err := objectList(r.Objects)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := printer.PrintJSON(&b, list); err != nil {
			return err
		}
		return resource.WriteFile(target, b.Bytes())
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("creating the output folder: %w", err)
	}
	for _, component := range install.Components() {
		objects := r.Of(component)
		if len(objects) == 0 {
			continue
		}
		data, err := stream(objects)
		if err != nil {
			return err
		}
		if err := resource.WriteFile(filepath.Join(target, strings.ToLower(component)+".yaml"), data); err != nil {
			return err
		}
	}
	return nil
}
