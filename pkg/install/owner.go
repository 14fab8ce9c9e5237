package install

// Labels of ownership, as istioctl writes them: a mesh installed by one tool can
// be carried on by the other.
const (
	managedLabel         = "operator.istio.io/managed"
	versionLabel         = "operator.istio.io/version"
	ownerNameLabel       = "install.operator.istio.io/owning-resource"
	ownerNamespaceLabel  = "install.operator.istio.io/owning-resource-namespace"
	keepLabel            = "install.operator.istio.io/owning-resource-not-pruned"
	managedByReconciling = "Reconcile"
)

// ownerLabels marks the objects of one component of this configuration.
func (c *Config) ownerLabels(component string) map[string]string {
	labels := map[string]string{
		managedLabel:        managedByReconciling,
		versionLabel:        DefaultRelease().Tag,
		ownerNamespaceLabel: c.Namespace(),
		revisionLabel:       c.Revision(),
		componentLabel:      component,
	}
	if name := lookupString(c.tree, "metadata", "name"); name != "" {
		labels[ownerNameLabel] = name
	}
	return labels
}

// Owned gives the rendered objects as they are applied: with the labels of
// ownership, and with the control plane's namespace in front.
func (c *Config) Owned(r *Rendering) ([]*Object, error) {
	objects := []*Object{c.namespaceObject()}
	for _, o := range r.Objects {
		content, err := o.Content()
		if err != nil {
			return nil, err
		}
		content = clone(content)
		labels := lookupMap(content, "metadata", "labels")
		if labels == nil {
			labels = Values{}
		}
		for key, value := range c.ownerLabels(o.Component) {
			labels[key] = value
		}
		put(content, labels, "metadata", "labels")
		owned := *o
		owned.content, owned.text = content, ""
		objects = append(objects, &owned)
	}
	record, err := c.record()
	if err != nil {
		return nil, err
	}
	return append(objects, record), nil
}

// namespaceObject is the control plane's namespace. It carries no label of
// ownership: a namespace is never pruned.
func (c *Config) namespaceObject() *Object {
	metadata := Values{"name": c.Namespace()}
	if network := lookupString(c.tree, "spec", "values", "global", "network"); network != "" {
		metadata["labels"] = Values{"topology.istio.io/network": network}
	}
	return &Object{
		APIVersion: "v1", Kind: "Namespace", Name: c.Namespace(), Component: Components()[0],
		content: Values{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata},
	}
}

// keepShared leaves the revision label of what all revisions share as it is in
// the cluster: the peer writes the revision that was installed last, and each
// plan of another one would show a change that means nothing.
func keepShared(o, live *Object) map[string]any {
	revision := lookupString(live.content, "metadata", "labels", revisionLabel)
	if o.Component != Components()[0] || revision == "" || o.Kind == "Namespace" {
		return o.content
	}
	out := clone(o.content)
	put(out, revision, "metadata", "labels", revisionLabel)
	return out
}
