package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/install"
)

type manifestDiffOptions struct {
	mesh meshInput
	from string
	to   string
}

func newManifestDiffCmd(e *env, runF func(context.Context, *manifestDiffOptions) error) *cobra.Command {
	o := &manifestDiffOptions{}
	cmd := &cobra.Command{
		Use:   "diff FROM TO",
		Short: "Compare two manifests, field by field",
		Long: `Compare the objects that two inputs come to. FROM and TO are each one of

  a file that holds an IstioOperator document, which is rendered,
  a file that holds rendered manifests, as manifest generate prints them,
  profile:NAME, a profile without further settings,
  charts:LOCATION, the default profile rendered with other charts,
  cluster, what the cluster has of the objects of the other side.

The flags apply to whatever is rendered. The exit code is 3 if there is a difference.`,
		Example: `  # What a change of the operator file does to the cluster's objects
  meshctl manifest diff old.yaml new.yaml

  # What an upgrade brings
  meshctl manifest generate -f mesh.yaml > before.yaml
  meshctl manifest diff before.yaml mesh.yaml

  # Has somebody changed the cluster by hand?
  meshctl manifest diff mesh.yaml cluster`,
		Args: usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.from, o.to = args[0], args[1]
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runManifestDiff(cmd.Context(), e, o)
		},
	}
	o.mesh.register(cmd)
	return cmd
}

func runManifestDiff(ctx context.Context, e *env, o *manifestDiffOptions) error {
	changes, err := o.compare(ctx, e)
	if err != nil {
		return err
	}
	if err := e.printChanges(changes); err != nil {
		return err
	}
	if len(changes) > 0 {
		return errFindings
	}
	return nil
}

// clusterSide is the word for the cluster as one side of the comparison.
const clusterSide = "cluster"

func (o *manifestDiffOptions) validate() error {
	if o.from == clusterSide && o.to == clusterSide {
		return usagef("both sides are the cluster; name a file, profile:NAME or charts:LOCATION for one of them")
	}
	return nil
}

func (o *manifestDiffOptions) compare(ctx context.Context, e *env) ([]install.ObjectChange, error) {
	from, to := o.from, o.to
	if from == clusterSide {
		from, to = to, from
	}
	objects, err := o.side(ctx, e, from)
	if err != nil {
		return nil, err
	}
	if to != clusterSide {
		others, err := o.side(ctx, e, to)
		if err != nil {
			return nil, err
		}
		return install.Compare(objects, others)
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return nil, err
	}
	rendered, live, err := install.Live(ctx, cluster, objects)
	if err != nil {
		return nil, err
	}
	if o.from == clusterSide {
		return install.Compare(live, rendered)
	}
	return install.Compare(rendered, live)
}

// side gives the objects of one argument.
func (o *manifestDiffOptions) side(ctx context.Context, e *env, name string) ([]*install.Object, error) {
	mesh := o.mesh
	if profile, ok := strings.CutPrefix(name, "profile:"); ok {
		mesh.profile = profile
	} else if location, ok := strings.CutPrefix(name, "charts:"); ok {
		mesh.manifests = location
	} else {
		files, err := readInputs(e, []string{name})
		if err != nil {
			return nil, err
		}
		if !install.IsOperatorFile(files[0]) {
			objects, err := install.ParseManifest(files[0])
			return objects, inputError(err)
		}
		mesh.files = append(append([]string(nil), mesh.files...), name)
	}
	rendering, err := mesh.render(ctx, e)
	if err != nil {
		return nil, err
	}
	return rendering.Objects, nil
}
