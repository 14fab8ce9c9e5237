package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// analyzeInput is where the objects to check come from.
type analyzeInput struct {
	paths         []string
	scope         analyze.Scope
	useKube       bool
	meshConfig    string
	clusterDomain string
	revision      string
	ignoreUnknown bool

	remoteContexts []string
	remoteSecrets  bool
}

func (in *analyzeInput) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringSliceVarP(&in.paths, "filename", "f", nil, "`file` or directory to check, as the arguments (repeatable, - for stdin)")
	fs.BoolVarP(&in.useKube, "use-kube", "k", false, "with files: lay them over the current cluster")
	fs.StringVar(&in.meshConfig, "mesh-config-file", "", "`file` with the mesh's configuration (default: from the input or the cluster)")
	fs.StringVar(&in.clusterDomain, "cluster-domain", "", "`domain` of the cluster (default: from the injector's configuration, else "+istio.DefaultClusterDomain+")")
	fs.StringVarP(&in.revision, "revision", "r", "", "check configuration of this `revision` only")
	fs.BoolVar(&in.ignoreUnknown, "ignore-unknown", false, "documents that cannot be read are no findings")
	fs.StringSliceVar(&in.remoteContexts, "remote-contexts", nil, "`context` of another cluster of the mesh, whose Services have to agree (repeatable)")
	fs.BoolVar(&in.remoteSecrets, "remote-secrets", false, "the same for all clusters of which the control plane has a remote secret")
	fs.BoolP("recursive", "R", true, "directories are always read with all below them")
	_ = fs.MarkHidden("recursive") // the flag exists, so this cannot fail
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	_ = cmd.MarkFlagFilename("mesh-config-file", "yaml", "yml")
}

// loadedMesh is what there is to check.
type loadedMesh struct {
	mesh       *analyze.Mesh
	unreadable []analyze.Finding
	namespace  string // to which the report is limited; "" means none
	missing    missingObjects
}

// load reads the files, and the cluster where it is asked for.
func (in *analyzeInput) load(ctx context.Context, e *env, analyzers []analyze.Analyzer, allNamespaces bool) (*loadedMesh, error) {
	loaded := &loadedMesh{}
	settings := analyze.Settings{Scope: in.scope, IstioNamespace: e.global.istioNamespace, ClusterDomain: in.clusterDomain, Revision: in.revision}
	objects, err := in.loadFiles(e, loaded)
	if err != nil {
		return nil, err
	}
	set := resource.NewSet()
	if in.useKube || len(in.paths) == 0 {
		cluster, err := in.loadCluster(ctx, e, analyzers, settings, allNamespaces)
		if err != nil {
			return nil, err
		}
		set, loaded.missing = cluster.objects, cluster.missing
		settings.Scope, settings.Remote = analyze.Live, cluster.remote
		settings.Unreadable = cluster.missing.unreadable()
		settings.Narrowed, settings.NarrowedTo = cluster.missing.narrowed, cluster.missing.namespace
		if len(in.paths) > 0 {
			settings.Scope = analyze.Whole // the templates in the files will have pods
		}
		if !allNamespaces {
			loaded.namespace = cluster.namespace
		}
	} else if !allNamespaces {
		loaded.namespace = e.global.kube.Namespace
	}
	namespace := e.global.kube.Namespace
	if namespace == "" && (settings.Scope != analyze.Partial || !allNamespaces) {
		namespace = "default"
	}
	analyze.PlaceInNamespace(objects, namespace)
	set.Add(objects...)
	if ns := loaded.namespace; settings.Scope == analyze.Live && ns != "" && len(set.Of(istio.Namespace)) > 0 && set.Get(istio.Namespace, "", ns) == nil {
		return nil, usagef("namespace %q does not exist in the cluster: nothing can be wrong there (--all-namespaces reports on all)", ns)
	}

	text, name := in.meshConfigText(set, e.global.istioNamespace)
	if in.meshConfig != "" {
		name = in.meshConfig
		if text, err = os.ReadFile(in.meshConfig); err != nil {
			return nil, usagef("--mesh-config-file: %w", err)
		}
	}
	if settings.Config, settings.Networks, err = parseMesh(text, set, e.global.istioNamespace); err != nil {
		return nil, fmt.Errorf("reading the mesh configuration in %s: %w", name, err)
	}
	loaded.mesh = analyze.NewMesh(set, settings)
	loaded.missing.tell(e, analyze.LeftOut(loaded.mesh, analyzers))
	return loaded, nil
}

// loadFiles reads the files. Parts that cannot be read become findings; files
// that hold no manifests are skipped.
func (in *analyzeInput) loadFiles(e *env, loaded *loadedMesh) ([]*resource.Object, error) {
	var paths []string
	for _, path := range in.paths {
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() && !resource.IsManifest(path) && filepath.Ext(path) != "" {
			e.warn(fmt.Sprintf("skipping %s: it is no .yaml, .yml or .json file", path))
			continue
		}
		paths = append(paths, path)
	}
	objects, problems, err := resource.Load(paths, e.in)
	if err != nil {
		return nil, usageError{err} // a path that was named cannot be opened
	}
	if in.ignoreUnknown {
		for _, p := range problems {
			e.warn(p.Error())
		}
		return objects, nil
	}
	loaded.unreadable = analyze.Unreadable(problems)
	return objects, nil
}

// meshConfigMap is the ConfigMap that holds the mesh's configuration.
const meshConfigMap = "istio"

func (in *analyzeInput) meshConfigText(set *resource.Set, namespace string) (text []byte, name string) {
	o := set.Get(istio.ConfigMap, namespace, meshConfigMap)
	if o == nil {
		return nil, ""
	}
	return []byte(configMapData(o)["mesh"]), o.Key.String()
}

func configMapData(o *resource.Object) map[string]string {
	object, err := resource.As[struct {
		Data map[string]string `json:"data"`
	}](o)
	if err != nil {
		return nil
	}
	return object.Data
}

// parseMesh reads the mesh's configuration, the defaults if there is none.
func parseMesh(text []byte, set *resource.Set, namespace string) (*meshconfig.MeshConfig, *meshconfig.MeshNetworks, error) {
	config, err := istio.ParseMeshConfig(text)
	if err != nil {
		return nil, nil, err
	}
	o := set.Get(istio.ConfigMap, namespace, meshConfigMap)
	if o == nil {
		return config, nil, nil
	}
	networks, err := analyze.ParseMeshNetworks([]byte(configMapData(o)["meshNetworks"]))
	return config, networks, err
}

// tellAssumptions says what was taken to exist although it is not in the input.
func (l *loadedMesh) tellAssumptions(e *env) {
	var kinds []string
	for _, kind := range l.mesh.Assumed() {
		kinds = append(kinds, kind.Kind)
	}
	if len(kinds) > 0 {
		fmt.Fprintf(e.err, "assumed to exist elsewhere if not in the input: %s (--scope whole reports what is missing)\n", strings.Join(kinds, ", "))
	}
}
