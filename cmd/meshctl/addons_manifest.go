package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/pkg/install"
)

type addonsManifestOptions struct{ addonsInstallOptions }

func newAddonsManifestCmd(e *env, runF func(context.Context, *addonsManifestOptions) error) *cobra.Command {
	o := &addonsManifestOptions{}
	cmd := &cobra.Command{
		Use:   "manifest [" + strings.Join(addons.Names(), " ") + "]",
		Short: "Print the manifests of addons, of all if none is named",
		Long: `Print the objects of addons as ` + "`meshctl addons install`" + ` applies them, for a
pipeline or a repository. No cluster is contacted.

Grafana's Secret is not among them, as it is nothing to keep in a file: make it in
the cluster by the command that is printed to standard error. With
--grafana-admin-password-file it is printed, password included.`,
		Example: `  meshctl addons manifest prometheus grafana > addons.yaml
  meshctl addons manifest -n monitoring --storage 20Gi | kubectl apply -f -`,
		ValidArgsFunction: completeAddons,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.yes = true // nobody is asked
			if err := o.validate(e, args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAddonsManifest(e, o)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.storage, "storage", "", "`size` of a volume for each addon that keeps data, such as 10Gi")
	fs.StringVar(&o.storageClass, "storage-class", "", "`name` of the class of volumes")
	fs.StringVar(&o.passwordFile, "grafana-admin-password-file", "", "`file` with the password of Grafana's user admin (- for standard input)")
	return cmd
}

func runAddonsManifest(e *env, o *addonsManifestOptions) error {
	options := addons.Options{
		Addons: o.names, Namespace: e.addonsNamespace(),
		Volumes: map[string]addons.Volume{}, Password: o.password,
	}
	if o.password != "" {
		options.PasswordSet = e.now().UTC().Format(time.RFC3339)
	}
	for _, addon := range addons.All() {
		if addon.Stores && o.storage != "" {
			options.Volumes[addon.Name] = addons.Volume{Size: o.storage, Class: o.storageClass}
		}
	}
	rendered, err := addons.Render(options)
	if err != nil {
		return err
	}
	var objects []*install.Object
	for _, r := range rendered {
		objects = append(objects, install.NewObject(r.Addon, r.Content))
	}
	if o.password == "" && slices.Contains(o.names, "grafana") {
		e.tell("Grafana needs a Secret that is not printed; make it once:\n"+
			"  kubectl create secret generic %s -n %s --from-literal=%s=admin --from-literal=%s=\"$(openssl rand -base64 18)\"",
			addons.Secret, options.Namespace, addons.UserKey, addons.PasswordKey)
	}
	switch e.global.output {
	case printer.JSON:
		list, err := objectList(objects)
		if err != nil {
			return err
		}
		return printer.PrintJSON(e.out, list)
	case printer.Name:
		for _, object := range objects {
			fmt.Fprintln(e.out, object.ID())
		}
		return nil
	}
	return writeObjects(e, objects)
}
