package install

import (
	"context"
	"path"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// Rendering is what a configuration comes to.
type Rendering struct {
	// Objects in the order in which they are printed and applied.
	Objects []*Object
	// Charts are the rendered charts with their values, in order of installation.
	Charts []RenderedChart
	// Warnings are for the user to see; they stop nothing.
	Warnings []string
}

// Of gives the objects of one component, in the order of Objects.
func (r *Rendering) Of(component string) []*Object {
	var objects []*Object
	for _, o := range r.Objects {
		if o.Component == component {
			objects = append(objects, o)
		}
	}
	return objects
}

// RenderedChart is one chart with the Helm values it was rendered with.
type RenderedChart struct {
	Component string // "Pilot"
	Title     string // "Istiod"
	Name      string // "pilot", or the name of a gateway
	Release   string // name in the official chart repository, "" if it is not there
	Namespace string
	Values    Values
	Plain     []*Object // as Helm renders them
	Objects   []*Object // after k8s settings and overlays
}

// RenderOptions restrict a rendering; the zero value renders everything.
type RenderOptions struct {
	// Components by name ("Pilot"); nil for all.
	Components []string
	// Templates by base name ("configmap.yaml"); nil for all.
	Templates []string
}

// Render renders the charts of a configuration, in parallel.
func Render(ctx context.Context, c *Config, o RenderOptions) (*Rendering, error) {
	var planned []instance
	for _, comp := range components() {
		if !selected(o.Components, comp.name) {
			continue
		}
		found, err := comp.instances(c.tree)
		if err != nil {
			return nil, &InputError{Err: err}
		}
		planned = append(planned, found...)
	}
	charts := make([]RenderedChart, len(planned))
	warnings := make([][]string, len(planned))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n, i := range planned {
		group.Go(func() (err error) {
			charts[n], warnings[n], err = renderInstance(ctx, c, i, o)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r := &Rendering{Charts: charts}
	for n := range charts {
		r.Objects = append(r.Objects, charts[n].Objects...)
		r.Warnings = append(r.Warnings, warnings[n]...)
	}
	if c.charts.fetch != nil {
		r.Warnings = append(r.Warnings, embeddedCharts(planned)...)
	}
	sortObjects(r.Objects)
	return r, nil
}

func selected(wanted []string, name string) bool {
	if wanted == nil {
		return true
	}
	for _, w := range wanted {
		if strings.EqualFold(w, name) {
			return true
		}
	}
	return false
}

func renderInstance(ctx context.Context, c *Config, i instance, o RenderOptions) (RenderedChart, []string, error) {
	out := RenderedChart{Component: i.name, Title: i.title, Name: i.label(), Release: i.releaseName, Namespace: i.namespace}
	loaded, err := c.charts.load(ctx, i.component)
	if err != nil {
		return out, nil, err
	}
	restrict(loaded, o.Templates)
	if out.Values, err = chartValues(c.tree, i); err != nil {
		return out, nil, err
	}
	texts, warnings, err := helmRender(loaded, out.Values, i.namespace, c.kubeVersion, c.charts.trusted())
	if err != nil {
		return out, nil, err
	}
	for _, text := range texts {
		objects, err := parseObjects(i.name, text)
		if err != nil {
			return out, nil, err
		}
		out.Plain = append(out.Plain, objects...)
	}
	objects, more, err := postProcess(i, out.Values, out.Plain)
	out.Objects = objects
	return out, append(warnings, more...), err
}

// restrict drops templates that nobody asked for. Those that prepare values
// for the others (zzy_, zzz_) and partials stay.
func restrict(c *chart.Chart, wanted []string) {
	if wanted == nil {
		return
	}
	kept := c.Templates[:0]
	for _, t := range c.Templates {
		base := path.Base(t.Name)
		if strings.HasPrefix(base, "_") || strings.HasPrefix(base, "zz") || selected(wanted, base) {
			kept = append(kept, t)
		}
	}
	c.Templates = kept
}
