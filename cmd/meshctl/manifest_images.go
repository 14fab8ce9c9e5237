package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

type manifestImagesOptions struct {
	mesh meshInput
}

func newManifestImagesCmd(e *env, runF func(context.Context, *manifestImagesOptions) error) *cobra.Command {
	o := &manifestImagesOptions{}
	cmd := &cobra.Command{
		Use:   "images",
		Short: "List every image that a mesh needs",
		Long: `List the images of the control plane and of the sidecars that it injects, for a
mirror in a network without access to the registry. No cluster is contacted.`,
		Example: `  # The images of the ambient profile
  meshctl manifest images --profile ambient

  # Copy them to a mirror
  meshctl manifest images -f mesh.yaml -o name | xargs -I IMAGE crane copy IMAGE mirror.example.com/IMAGE`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runManifestImages(cmd.Context(), e, o)
		},
	}
	o.mesh.register(cmd)
	return cmd
}

func runManifestImages(ctx context.Context, e *env, o *manifestImagesOptions) error {
	_, rendering, err := o.mesh.render(ctx, e)
	if err != nil {
		return err
	}
	images, err := install.Images(rendering)
	if err != nil {
		return err
	}
	report := printer.Report{Columns: printer.Columns("IMAGE", "USED BY"), Data: images}
	for _, image := range images {
		report.Rows = append(report.Rows, []string{image.Image, strings.Join(image.UsedBy, ", ")})
		report.Names = append(report.Names, image.Image)
	}
	return printer.Print(e.out, e.global.output, report)
}
