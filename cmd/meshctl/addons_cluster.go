package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilversion "k8s.io/apimachinery/pkg/util/version"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/pkg/install"
)

// installedAddons is what a namespace has of addons.
type installedAddons struct {
	objects   []*install.Object
	versions  map[string]string        // of those that run, by name
	volumes   map[string]addons.Volume // by name of the addon
	namespace bool                     // it exists
	secret    *corev1.Secret           // Grafana's, nil if there is none
}

func readAddons(ctx context.Context, cluster meshCluster, namespace string) (*installedAddons, error) {
	objects, err := install.FindBundle(ctx, cluster, addons.NameLabel, addons.Selector(namespace))
	if err != nil {
		return nil, err
	}
	have := &installedAddons{objects: objects, versions: map[string]string{}, volumes: map[string]addons.Volume{}}
	for _, o := range objects {
		content, err := o.Content()
		if err != nil {
			return nil, err
		}
		switch o.Kind {
		case "Deployment":
			have.versions[o.Component] = field(content, "metadata", "labels", addons.VersionLabel)
		case "PersistentVolumeClaim":
			have.volumes[o.Component] = addons.Volume{
				Size: field(content, "spec", "resources", "requests", "storage"), Class: field(content, "spec", "storageClassName"),
			}
		}
	}
	_, err = cluster.Get(ctx, schema.GroupKind{Kind: "Namespace"}, "", namespace)
	if have.namespace = err == nil; err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("looking for namespace %s: %w", namespace, err)
	}
	found, err := cluster.Get(ctx, schema.GroupKind{Kind: "Secret"}, namespace, addons.Secret)
	switch {
	case apierrors.IsNotFound(err):
		return have, nil
	case err != nil:
		return nil, fmt.Errorf("looking for Grafana's password: %w", err)
	}
	have.secret, err = resource.As[corev1.Secret](found)
	return have, err
}

// field reads a text deep inside an object.
func field(content map[string]any, path ...string) string {
	for _, key := range path[:len(path)-1] {
		content, _ = content[key].(map[string]any)
	}
	text, _ := content[path[len(path)-1]].(string)
	return text
}

// names are the addons that run.
func (a *installedAddons) names() []string {
	return slices.DeleteFunc(addons.Names(), func(name string) bool { return a.versions[name] == "" })
}

// ours tells that Grafana's Secret is one that was installed, and not one that
// somebody has made for it.
func (a *installedAddons) ours() bool {
	return a.secret != nil && a.secret.Labels[addons.NameLabel] != ""
}

// checkVersions refuses to go back: data that a newer version has written may
// not be read by an older one.
func (a *installedAddons) checkVersions(names []string) error {
	var newer []string
	for _, name := range names {
		addon, err := addons.Named(name)
		if err != nil {
			return err
		}
		there, err := utilversion.ParseGeneric(a.versions[name])
		if err != nil {
			continue // not there, or of a version that nobody can compare
		}
		if embedded, err := utilversion.ParseGeneric(addon.Version); err == nil && embedded.LessThan(there) {
			newer = append(newer, fmt.Sprintf("%s %s is newer than %s", addon.Title, a.versions[name], addon.Version))
		}
	}
	if len(newer) > 0 {
		return fmt.Errorf("a newer meshctl has installed these addons: %s; use that one, or go back with --allow-downgrade", strings.Join(newer, ", "))
	}
	return nil
}
