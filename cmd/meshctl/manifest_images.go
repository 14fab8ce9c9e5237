package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

type manifestImagesOptions struct {
	mesh    meshInput
	digests string
}

func newManifestImagesCmd(e *env, runF func(context.Context, *manifestImagesOptions) error) *cobra.Command {
	o := &manifestImagesOptions{}
	cmd := &cobra.Command{
		Use:   "images",
		Short: "List every image that a mesh needs",
		Long: `List the images of the control plane and of the sidecars that it injects, for a
mirror in a network without access to the registry. No cluster is contacted.

--digests pins them: the file holds a line IMAGE@sha256:... for each, or JSON, a
mapping of image to digest or what ` + "`-o json`" + ` prints. Images without a pin are
named, and the exit code is 3.`,
		Example: `  # The images of the ambient profile
  meshctl manifest images --profile ambient

  # Copy them to a mirror
  meshctl manifest images -f mesh.yaml -o name | xargs -I IMAGE crane copy IMAGE mirror.example.com/IMAGE

  # The same images as tested, by their digests
  meshctl manifest images --digests pins.txt -o json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runManifestImages(cmd.Context(), e, o)
		},
	}
	o.mesh.register(cmd)
	cmd.Flags().StringVar(&o.digests, "digests", "", "`file` with the digests of images (- for stdin)")
	return cmd
}

func runManifestImages(ctx context.Context, e *env, o *manifestImagesOptions) error {
	rendering, err := o.mesh.render(ctx, e)
	if err != nil {
		return err
	}
	images, err := install.Images(rendering)
	if err != nil {
		return err
	}
	var without []string
	if o.digests != "" {
		if images, without, err = o.pin(e, images); err != nil {
			return err
		}
	}
	report := printer.Report{Columns: printer.Columns("IMAGE", "USED BY"), Data: images}
	for _, image := range images {
		report.Rows = append(report.Rows, []string{image.Image, strings.Join(image.UsedBy, ", ")})
		report.Names = append(report.Names, image.Image)
	}
	if err := printer.Print(e.out, e.global.output, report); err != nil || len(without) == 0 {
		return err
	}
	for _, image := range without {
		e.warn(fmt.Sprintf("%s has no digest in %s", image, o.digests))
	}
	return errFindings
}

func (o *manifestImagesOptions) pin(e *env, images []install.Image) (pinned []install.Image, without []string, err error) {
	files, err := readInputs(e, []string{o.digests})
	if err != nil {
		return nil, nil, err
	}
	digests, err := install.ReadDigests(files[0])
	if err != nil {
		return nil, nil, usageError{err}
	}
	pinned, without = install.Pin(images, digests)
	return pinned, without, nil
}
