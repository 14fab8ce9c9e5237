package install

import (
	"context"
	"fmt"
)

// RenderInjection renders no more than what injection needs: the contents of
// the mesh's ConfigMaps "istio" (mesh configuration) and
// "istio-sidecar-injector" (templates and values), as the charts make them for
// the given configuration. A tenth of the time of a full rendering.
func RenderInjection(ctx context.Context, c *Config) (mesh, injector map[string]any, err error) {
	r, err := Render(ctx, c, RenderOptions{
		Components: []string{"Pilot"},
		Templates:  []string{"configmap.yaml", "istiod-injector-configmap.yaml"},
	})
	if err != nil {
		return nil, nil, err
	}
	suffix := ""
	if revision := c.Revision(); revision != "default" {
		suffix = "-" + revision
	}
	for _, o := range r.Objects {
		if o.Kind != "ConfigMap" {
			continue
		}
		switch o.Name {
		case "istio" + suffix:
			mesh, err = o.Content()
		case "istio-sidecar-injector" + suffix:
			injector, err = o.Content()
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if mesh == nil || injector == nil {
		return nil, nil, fmt.Errorf("rendering the injection configuration of revision %s: profile %s has no injector", c.Revision(), c.Profile())
	}
	return mesh, injector, nil
}
