package install

import (
	"context"
	"fmt"
)

// Namespaces labelled istio-injection=enabled, and the validation of mesh
// configuration, belong to the default revision. Who that is, is decided by
// two kinds of webhook configuration: the one of a control plane without a
// revision, or the tag "default". Both at once would inject every pod twice.
// istioctl always makes the tag, and turns the other one off.

// settleDefault fits the objects of an installation to the default revision
// that the cluster has: the first control plane of a cluster becomes it, and a
// webhook that a tag has taken the namespaces from stays off.
func settleDefault(ctx context.Context, cluster Lister, c *Config, objects []*Object) ([]*Object, error) {
	if lookupBool(c.tree, "spec", "values", "global", "operatorManageWebhooks") {
		return objects, nil
	}
	revisions, err := ReadRevisions(ctx, cluster)
	if err != nil {
		return nil, err
	}
	tagged := false
	for _, t := range revisions.Tags {
		tagged = tagged || t.Tag == defaultRevision
	}
	var canonical *Object
	for i, o := range objects {
		if o.Kind != "MutatingWebhookConfiguration" || lookupString(o.content, "metadata", "labels", tagLabel) != "" {
			continue
		}
		canonical = o
		if tagged && c.Revision() == defaultRevision {
			off := *o
			off.content = neutralized(o.content)
			objects[i] = &off
		}
	}
	if canonical == nil || tagged || c.Revision() == defaultRevision || revisions.Webhooks[defaultRevision] != nil {
		return objects, nil
	}
	tag, err := tagObjects(ctx, canonical, TagOptions{
		Tag: defaultRevision, Revision: c.Revision(), Namespace: c.Namespace(), Charts: c.charts,
		AutoInject: lookupBool(c.tree, "spec", "values", "sidecarInjectorWebhook", "enableNamespacesByDefault"),
	})
	if err != nil {
		return nil, fmt.Errorf("making revision %s the default one: %w", c.Revision(), err)
	}
	for _, o := range tag {
		// Made by an installation, but kept by later ones: another revision may be
		// the default one by then.
		for key, value := range c.ownerLabels("Pilot") {
			put(o.content, value, "metadata", "labels", key)
		}
		put(o.content, "true", "metadata", "labels", keepLabel)
		o.Component = "Pilot"
	}
	return append(objects, tag...), nil
}
