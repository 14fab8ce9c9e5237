package inject

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/template"

	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/meshctl/meshctl/internal/istio"
)

// Options are everything that injection depends on besides the workloads.
type Options struct {
	Config *Config                  // required
	Values *Values                  // required
	Mesh   *meshv1alpha1.MeshConfig // required
	// Revision is the control plane revision to inject for; "" is the default one.
	Revision string
	// Explicit means that whoever runs the injection has chosen the workloads:
	// only host network, the workload's own label or annotation and the
	// system namespaces keep a pod from being injected. Otherwise the
	// configuration's policy and selectors, revision labels and the labels
	// of Namespaces decide, as in the webhook.
	Explicit bool
	// Tags are other names of the revision, which labels may use.
	Tags []string
	// NativeSidecars runs the proxy as an init container that is always
	// restarted; pods may choose otherwise.
	NativeSidecars bool
	// Namespace is where objects go that name none; "" if that is not known.
	Namespace string
	// Namespaces are those that are known, by name.
	Namespaces map[string]Namespace
	// ProxyConfigs are the mesh's ProxyConfig resources.
	ProxyConfigs istio.ProxyConfigs
	// Cluster and Network go before those of the values, as those in the URL
	// of a webhook do.
	Cluster, Network string
	// CompliancePolicy is istiod's, such as "fips-140-2"; usually "".
	CompliancePolicy string
	// Getenv serves the templates' function env; nil leaves them their defaults.
	Getenv func(string) string
}

// Namespace is what injection needs to know of a Namespace.
type Namespace struct {
	Labels, Annotations map[string]string
}

// Injector injects pods. It may be used from several goroutines.
type Injector struct {
	options   Options
	templates map[string]func() (*template.Template, error)
	schema    strategicpatch.LookupPatchMeta
	rendered  sync.Pool // of *bytes.Buffer, for the output of templates
}

// New checks the options and prepares the templates. A template is parsed
// when it is first used.
func New(o Options) (*Injector, error) {
	switch {
	case o.Config == nil:
		return nil, errors.New("preparing injection: no injection config")
	case o.Values == nil:
		return nil, errors.New("preparing injection: no values")
	case o.Mesh == nil:
		return nil, errors.New("preparing injection: no mesh config")
	}
	schema, err := strategicpatch.NewPatchMetaFromStruct(corev1.Pod{})
	if err != nil {
		return nil, fmt.Errorf("preparing injection: %w", err)
	}
	if o.Revision == defaultRevision {
		o.Revision = ""
	}
	funcs := sync.OnceValue(func() template.FuncMap { return templateFuncs(o.Getenv) })
	templates := make(map[string]func() (*template.Template, error), len(o.Config.Templates))
	for name, text := range o.Config.Templates {
		templates[name] = sync.OnceValues(func() (*template.Template, error) {
			t, err := template.New(name).Funcs(funcs()).Parse(text)
			if err != nil {
				return nil, fmt.Errorf("parsing injection template %q: %w", name, err)
			}
			return t, nil
		})
	}
	return &Injector{options: o, templates: templates, schema: schema}, nil
}

func (i *Injector) template(name string) (*template.Template, error) {
	parse, ok := i.templates[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(i.templates)), ", ")
		return nil, fmt.Errorf("injection template %q does not exist; the configuration has %s", name, known)
	}
	return parse()
}
