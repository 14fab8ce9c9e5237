package istio

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	networkingv1beta1 "istio.io/client-go/pkg/apis/networking/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

// ProxyConfigs are a mesh's ProxyConfig resources. The zero value holds none.
type ProxyConfigs struct {
	byNamespace map[string][]*networkingv1beta1.ProxyConfig
}

// NewProxyConfigs picks the ProxyConfig resources out of objects. Of several
// that match a pod the oldest counts, hence they are sorted by age and name.
func NewProxyConfigs(objects []*resource.Object) (ProxyConfigs, error) {
	return ProxyConfigs{}.With(objects)
}

// With are these ProxyConfigs and those among objects, which take the place of
// others with the same name.
func (c ProxyConfigs) With(objects []*resource.Object) (ProxyConfigs, error) {
	found := ProxyConfigs{byNamespace: map[string][]*networkingv1beta1.ProxyConfig{}}
	for namespace, configs := range c.byNamespace {
		found.byNamespace[namespace] = slices.Clone(configs)
	}
	for _, o := range objects {
		if o.Group != "networking.istio.io" || o.Kind != "ProxyConfig" {
			continue
		}
		config, err := resource.As[networkingv1beta1.ProxyConfig](o)
		if err != nil {
			return ProxyConfigs{}, err
		}
		others := slices.DeleteFunc(found.byNamespace[o.Namespace], func(other *networkingv1beta1.ProxyConfig) bool { return other.Name == o.Name })
		found.byNamespace[o.Namespace] = append(others, config)
	}
	for _, configs := range found.byNamespace {
		slices.SortStableFunc(configs, func(a, b *networkingv1beta1.ProxyConfig) int {
			return cmp.Or(cmp.Compare(age(a), age(b)), cmp.Compare(a.Name, b.Name))
		})
	}
	return found, nil
}

func age(c *networkingv1beta1.ProxyConfig) int64 {
	if c.CreationTimestamp.IsZero() {
		return time.Unix(1<<40, 0).Unix() // not in a cluster yet: younger than all that are
	}
	return c.CreationTimestamp.Unix()
}

// For is the proxy config of a pod: the mesh's, then the ProxyConfig of the
// root namespace, that of the pod's namespace, the pod's annotation
// proxy.istio.io/config ("" if it has none) and the ProxyConfig that selects
// the pod, each laid over the ones before. Without any of them the result is
// the mesh's own default config, not to be changed.
func (c ProxyConfigs) For(mesh *meshv1alpha1.MeshConfig, namespace string, labels map[string]string, annotation string) (*meshv1alpha1.ProxyConfig, error) {
	config := mesh.DefaultConfig
	apply := func(r *networkingv1beta1.ProxyConfig) {
		if r == nil {
			return
		}
		config = proto.Clone(config).(*meshv1alpha1.ProxyConfig)
		if r.Spec.Concurrency != nil {
			config.Concurrency = r.Spec.Concurrency
		}
		if r.Spec.Image != nil {
			config.Image = r.Spec.Image
		}
		if r.Spec.EnvironmentVariables != nil {
			config.ProxyMetadata = mergeMetadata(config.ProxyMetadata, r.Spec.EnvironmentVariables)
		}
	}
	apply(c.forNamespace(mesh.RootNamespace))
	if namespace != mesh.RootNamespace {
		apply(c.forNamespace(namespace))
	}
	if annotation != "" {
		merged, err := MergeProxyConfig(config, []byte(annotation))
		if err != nil {
			return nil, err
		}
		config = merged
	}
	apply(c.forPod(namespace, labels))
	return config, nil
}

func (c ProxyConfigs) forNamespace(namespace string) *networkingv1beta1.ProxyConfig {
	for _, config := range c.byNamespace[namespace] {
		if config.Spec.Selector == nil {
			return config
		}
	}
	return nil
}

func (c ProxyConfigs) forPod(namespace string, labels map[string]string) *networkingv1beta1.ProxyConfig {
	for _, config := range c.byNamespace[namespace] {
		wanted := config.Spec.Selector.GetMatchLabels()
		if len(wanted) > 0 && containsAll(labels, wanted) {
			return config
		}
	}
	return nil
}

func containsAll(labels, wanted map[string]string) bool {
	for key := range maps.Keys(wanted) {
		if value, ok := labels[key]; !ok || value != wanted[key] {
			return false
		}
	}
	return true
}

// WithDefaultConfig is the mesh config with another default proxy config. The
// result shares all else with the mesh config and must not be changed.
func WithDefaultConfig(mesh *meshv1alpha1.MeshConfig, config *meshv1alpha1.ProxyConfig) *meshv1alpha1.MeshConfig {
	if mesh.DefaultConfig == config {
		return mesh
	}
	changed := &meshv1alpha1.MeshConfig{}
	replaceFields(changed.ProtoReflect(), mesh.ProtoReflect())
	changed.DefaultConfig = config
	return changed
}
