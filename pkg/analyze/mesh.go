package analyze

import (
	"fmt"
	"slices"
	"sync"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

// Scope says how much of the mesh the objects are.
type Scope int

const (
	// Auto takes each kind for complete of which there is an object.
	Auto Scope = iota
	// Partial takes the objects for a fragment of the mesh's configuration;
	// what runs in the mesh is not looked at.
	Partial
	// Whole takes the objects for everything that there will be: a template for
	// pods stands for its pods.
	Whole
	// Live takes the objects for everything there is, as in a cluster: where
	// there are no pods, nothing runs.
	Live
)

// Scopes lists the names of the scopes that files can have.
func Scopes() []string { return []string{"auto", "partial", "whole"} }

// ParseScope reads a scope's name.
func ParseScope(name string) (Scope, error) {
	if i := slices.Index(Scopes(), name); i >= 0 {
		return Scope(i), nil
	}
	return 0, fmt.Errorf("unknown scope %q: must be one of %v", name, Scopes())
}

// Settings are what has to be known of a mesh besides its objects.
type Settings struct {
	Scope          Scope
	Config         *meshconfig.MeshConfig   // nil means the defaults
	Networks       *meshconfig.MeshNetworks // nil means none
	IstioNamespace string                   // "" means istio-system
	ClusterDomain  string                   // "" means cluster.local
	Revision       string                   // only configuration of this revision counts; "" means all
	Remote         map[string]*resource.Set // Services of other clusters, by cluster name
	Unreadable     []schema.GroupKind       // kinds of which nothing is known, because they may not be read
	Narrowed       []schema.GroupKind       // kinds that are known in one namespace only, for the same reason
	NarrowedTo     string                   // that namespace
	Schemas        *crd.Schemas             // nil means those of the Istio release that this program knows
}

// Mesh is what analyzers see: objects with lookups, decoded when first asked for.
type Mesh struct {
	*resource.Set
	Settings

	unserved     []*resource.Object // of API versions that do not exist
	undiscovered map[string]bool    // namespaces that the mesh is told not to look at

	decoded  sync.Map // schema.GroupKind → func() any
	failures sync.Map // *resource.Object → error
	// labelSets holds maps of labels that many specs have in common, by their text.
	labelSets sync.Map
	assumed   sync.Map // schema.GroupKind → struct{}

	hosts      func() *hostTable
	workloads  func() *workloadTable
	namespaces func() map[string]*resource.Object
}

// NewMesh prepares objects for analysis. What is in Kubernetes' own namespaces
// or in those that discovery selectors do not select, configuration of other
// revisions, and API versions that do not exist are left out, as the mesh
// leaves them alone.
func NewMesh(objects *resource.Set, settings Settings) *Mesh {
	if settings.IstioNamespace == "" {
		settings.IstioNamespace = "istio-system"
	}
	if settings.ClusterDomain == "" {
		settings.ClusterDomain = istio.DefaultClusterDomain
	}
	if settings.Config == nil {
		settings.Config = istio.DefaultMeshConfig()
	}
	m := &Mesh{Settings: settings}
	m.undiscovered = undiscovered(objects.Of(istio.Namespace), settings.Config.GetDiscoverySelectors(), m.IstioNamespace, m.RootNamespace())
	m.Set = m.relevant(objects)
	m.hosts = sync.OnceValue(func() *hostTable { return newHostTable(m) })
	m.workloads = sync.OnceValue(func() *workloadTable { return newWorkloadTable(m) })
	m.namespaces = sync.OnceValue(func() map[string]*resource.Object {
		byName := map[string]*resource.Object{}
		for _, o := range m.Of(istio.Namespace) {
			byName[o.Name] = o
		}
		return byName
	})
	return m
}

// relevant takes out what the mesh does not look at.
func (m *Mesh) relevant(objects *resource.Set) *resource.Set {
	leftOut := func(o *resource.Object) bool {
		switch {
		case o.GroupKind == istio.Namespace:
			return istio.SystemNamespace(o.Name) || m.undiscovered[o.Name]
		case m.undiscovered[o.Namespace]:
			return true
		case !meshKind(o.GroupKind):
			return istio.SystemNamespace(o.Namespace)
		case !istio.ServedVersion(o.GroupKind, o.Version):
			m.unserved = append(m.unserved, o)
			return true
		}
		return m.Scope == Partial && istio.SystemNamespace(o.Namespace) || !istio.InRevision(o.Labels, m.Revision)
	}
	all := objects.All()
	count := len(all)
	if all = slices.DeleteFunc(all, leftOut); len(all) == count {
		return objects
	}
	return resource.NewSet(all...)
}

// meshKind reports whether a kind is configuration of the mesh.
func meshKind(kind schema.GroupKind) bool {
	switch kind.Group {
	case istio.NetworkingGroup, istio.SecurityGroup, istio.TelemetryGroup, istio.ExtensionsGroup, istio.GatewayAPIGroup:
		return true
	}
	return false
}

// RootNamespace is the namespace whose policies hold for the whole mesh.
func (m *Mesh) RootNamespace() string {
	if ns := m.Config.GetRootNamespace(); ns != "" {
		return ns
	}
	return m.IstioNamespace
}

// complete reports whether an object of the kind that is not in the set does
// not exist. Where that is only assumed, the assumption is kept for Assumed.
func (m *Mesh) complete(kind schema.GroupKind) bool {
	switch m.Scope {
	case Whole, Live:
		return !m.knownInPart(kind)
	case Partial:
		return !slices.Contains(workloadKinds(), kind)
	}
	if kind == istio.Pod && !m.workloads().empty() {
		return true
	}
	if len(m.Of(kind)) > 0 {
		return true
	}
	m.assume(kind)
	return false
}

// completeIn is complete for the objects of one namespace.
func (m *Mesh) completeIn(kind schema.GroupKind, namespace string) bool {
	return slices.Contains(m.Narrowed, kind) && namespace == m.NarrowedTo || m.complete(kind)
}

// knownInPart reports whether objects of one of the kinds could not be read.
func (m *Mesh) knownInPart(kinds ...schema.GroupKind) bool {
	return slices.ContainsFunc(kinds, func(kind schema.GroupKind) bool {
		return slices.Contains(m.Unreadable, kind) || slices.Contains(m.Narrowed, kind)
	})
}

func (m *Mesh) assume(kind schema.GroupKind) { m.assumed.Store(kind, struct{}{}) }

// Assumed lists the kinds of which objects were taken to exist elsewhere.
func (m *Mesh) Assumed() []schema.GroupKind {
	var kinds []schema.GroupKind
	m.assumed.Range(func(kind, _ any) bool {
		kinds = append(kinds, kind.(schema.GroupKind))
		return true
	})
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return compareKinds(a, b) })
	return kinds
}
