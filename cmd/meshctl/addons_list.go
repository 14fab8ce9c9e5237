package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/pkg/install"
)

type addonsListOptions struct{}

func newAddonsListCmd(e *env, runF func(context.Context, *addonsListOptions) error) *cobra.Command {
	o := &addonsListOptions{}
	return &cobra.Command{
		Use:   "list",
		Short: "List addons: what is installed, where, and whether it is ready",
		Long: `List the addons in all namespaces, or in that of -n, with the version that is
installed and the one that this program has. Installations that others have made
are not among them; ` + "`meshctl dashboard list`" + ` finds those too.`,
		Example: `  meshctl addons list
  meshctl addons list -n monitoring -o json`,
		Annotations: map[string]string{severalClusters: ""},
		Args:        usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAddonsList(cmd.Context(), e)
		},
	}
}

// listedAddon is one line of the list.
type listedAddon struct {
	Name      string `json:"name"`
	Installed bool   `json:"installed"`
	Namespace string `json:"namespace,omitempty"`
	Version   string `json:"version,omitempty"`
	Available string `json:"available"` // the version that this program has
	Ready     bool   `json:"ready"`
	State     string `json:"state"`
	Storage   string `json:"storage,omitempty"` // size of the volume, also of one that was kept
}

func runAddonsList(ctx context.Context, e *env) error {
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	// Not the rest: who lists addons need not be allowed to read Secrets.
	namespace := e.global.kube.Namespace
	objects, err := install.FindBundle(ctx, oneNamespace{cluster, namespace}, addons.NameLabel, addons.Selector(namespace),
		schema.GroupKind{Group: "apps", Kind: "Deployment"}, schema.GroupKind{Kind: "PersistentVolumeClaim"})
	if err != nil {
		return err
	}
	rows, err := listAddons(objects)
	if err != nil {
		return err
	}
	report := printer.Report{Columns: printer.Columns("ADDON", "NAMESPACE", "VERSION", "AVAILABLE", "STATE", "STORAGE"), Data: rows}
	for _, r := range rows {
		report.Rows = append(report.Rows, []string{r.Name, dash(r.Namespace), dash(r.Version), r.Available, r.State, dash(r.Storage)})
		if r.Installed {
			report.Names = append(report.Names, r.Name)
		}
	}
	return printer.Print(e.out, e.global.output, report)
}

func dash(text string) string { return cmp.Or(text, "-") }

// listAddons gives a line for each addon in each namespace, and one for each
// that is in none.
func listAddons(objects []*install.Object) ([]listedAddon, error) {
	type place struct{ name, namespace string }
	storage := map[place]string{}
	rows := []listedAddon{}
	for _, o := range objects {
		content, err := o.Content()
		if err != nil {
			return nil, err
		}
		addon, err := addons.Named(o.Component)
		if err != nil {
			continue // of a later release
		}
		switch o.Kind {
		case "PersistentVolumeClaim":
			storage[place{o.Component, o.Namespace}] = field(content, "spec", "resources", "requests", "storage")
		case "Deployment":
			row := listedAddon{
				Name: addon.Name, Installed: true, Namespace: o.Namespace, Available: addon.Version,
				Version: field(content, "metadata", "labels", addons.VersionLabel), State: o.State(),
			}
			row.Ready = row.State == ""
			row.State = cmp.Or(row.State, "ready")
			rows = append(rows, row)
		}
	}
	for i, r := range rows {
		rows[i].Storage = storage[place{r.Name, r.Namespace}]
		delete(storage, place{r.Name, r.Namespace})
	}
	for p, size := range storage {
		addon, _ := addons.Named(p.name) // looked up above
		rows = append(rows, listedAddon{Name: p.name, Namespace: p.namespace, Available: addon.Version, State: "not installed, data kept", Storage: size})
	}
	for _, addon := range addons.All() {
		if !slices.ContainsFunc(rows, func(r listedAddon) bool { return r.Name == addon.Name }) {
			rows = append(rows, listedAddon{Name: addon.Name, Available: addon.Version, State: "not installed"})
		}
	}
	order := addons.Names()
	slices.SortFunc(rows, func(a, b listedAddon) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Name), slices.Index(order, b.Name)), cmp.Compare(a.Namespace, b.Namespace))
	})
	return rows, nil
}
