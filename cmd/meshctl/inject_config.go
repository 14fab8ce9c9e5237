package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"

	"github.com/spf13/cobra"
	meshconfig "istio.io/api/mesh/v1alpha1"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
	"github.com/meshctl/meshctl/pkg/install"
)

// injectConfig are the flags that say with which configuration to inject.
type injectConfig struct {
	configFile string
	meshFile   string
	valuesFile string
	revision   string
	mesh       meshInput // of the charts in this program
	native     nativeMode
	maps       configMapNames
	webhook    string // name of the MutatingWebhookConfiguration
}

// configMapNames are the ConfigMaps of a control plane; "" for those that the
// charts install for its revision.
type configMapNames struct{ mesh, injector string }

// nativeMode says whether the proxy runs as a native sidecar.
type nativeMode string

const (
	nativeAuto nativeMode = "auto"
	nativeOn   nativeMode = "true"
	nativeOff  nativeMode = "false"
)

func (c *injectConfig) register(cmd *cobra.Command) {
	c.native = nativeAuto
	fs := cmd.Flags()
	fs.StringVar(&c.configFile, "inject-config-file", "", "`file` with the injector's configuration (key config of ConfigMap istio-sidecar-injector) or one template")
	fs.StringVar(&c.meshFile, "mesh-config-file", "", "`file` with the mesh config (key mesh of ConfigMap istio)")
	fs.StringVar(&c.valuesFile, "values-file", "", "`file` with the injector's values (key values of ConfigMap istio-sidecar-injector)")
	fs.StringVar(&c.maps.mesh, "mesh-config-map-name", "", "`name` of the cluster's ConfigMap with the mesh config (default: istio, or istio-REVISION)")
	fs.StringVar(&c.maps.injector, "inject-config-map-name", "", "`name` of the cluster's ConfigMap with the injector's configuration (default: istio-sidecar-injector, or that with -REVISION)")
	fs.StringVar(&c.webhook, "webhook-config", "", "`name` of the MutatingWebhookConfiguration whose revision, cluster and network to inject for")
	fs.StringVarP(&c.revision, "revision", "r", "", "`revision` or tag to inject for; without other configuration it is read from the cluster")
	fs.StringSliceVar(&c.mesh.files, "operator-file-name", nil, "IstioOperator `file` for the charts in this program (repeatable)")
	fs.StringArrayVarP(&c.mesh.sets, "set", "s", nil, "set one field of the installation, as `PATH=VALUE` below spec (repeatable)")
	fs.StringArrayVar(&c.mesh.setStrings, "set-string", nil, "as --set, but the value stays a text: `PATH=VALUE`")
	fs.StringVar(&c.mesh.profile, "profile", "", "`name` of the installation profile")
	fs.StringVarP(&c.mesh.manifests, "manifests", "d", "", "`location` of charts and profiles (default: those in this program)")
	fs.Var(newChoice(&c.native, nativeAuto, nativeOn, nativeOff), "native-sidecars", "run the proxy as native sidecar: auto (by ENABLE_NATIVE_SIDECARS, or the cluster's version), true or false")
	_ = cmd.RegisterFlagCompletionFunc("profile", completeProfiles)
	for _, name := range []string{"inject-config-file", "mesh-config-file", "values-file", "operator-file-name"} {
		_ = cmd.MarkFlagFilename(name, "yaml", "yml", "json")
	}
}

func (c *injectConfig) validate() error {
	if c.namesObjects() && (c.fromFiles() || c.fromCharts()) {
		return usagef("--mesh-config-map-name, --inject-config-map-name and --webhook-config name objects of a cluster; leave out the files and settings that take the cluster's place")
	}
	return nil
}

// namesObjects says whether the user has named objects of a cluster.
func (c *injectConfig) namesObjects() bool { return c.maps != configMapNames{} || c.webhook != "" }

// fromFiles says whether the user has named the injector's own configuration.
func (c *injectConfig) fromFiles() bool {
	return c.configFile != "" || c.meshFile != "" || c.valuesFile != ""
}

// fromCharts says whether the user has asked for the charts' configuration.
func (c *injectConfig) fromCharts() bool {
	return len(c.mesh.files)+len(c.mesh.sets)+len(c.mesh.setStrings) > 0 || c.mesh.profile != "" || c.mesh.manifests != ""
}

// given says whether the user has chosen any configuration.
func (c *injectConfig) given() bool {
	return c.fromFiles() || c.fromCharts() || c.namesObjects() || c.revision != ""
}

// injector gathers the configuration. Namespaces and ProxyConfigs among given,
// the objects of the input, belong to it.
func (c *injectConfig) injector(ctx context.Context, e *env, given []*resource.Object) (*inject.Injector, error) {
	o, err := c.options(ctx, e)
	if err != nil {
		return nil, err
	}
	if o.Namespaces == nil {
		o.Namespaces = map[string]inject.Namespace{}
	}
	maps.Copy(o.Namespaces, namespacesIn(resource.NewSet(given...)))
	if !o.Explicit { // the injector's files are all that counts, as for kube-inject
		if o.ProxyConfigs, err = o.ProxyConfigs.With(given); err != nil {
			return nil, err
		}
	}
	return inject.New(*o)
}

func (c *injectConfig) options(ctx context.Context, e *env) (*inject.Options, error) {
	o := inject.Options{Revision: c.revision, Explicit: c.configFile != "", Getenv: e.getenv, Namespace: e.global.kube.Namespace}
	o.NativeSidecars = c.native == nativeOn || c.native == nativeAuto && e.getenv("ENABLE_NATIVE_SIDECARS") == "true"
	if (c.revision != "" || c.namesObjects() || e.global.from != "") && !c.fromFiles() && !c.fromCharts() {
		return &o, c.readCluster(ctx, e, &o)
	}
	if err := c.readFiles(&o); err != nil {
		return nil, err
	}
	if o.Config == nil || o.Values == nil || o.Mesh == nil || len(c.mesh.files) > 0 {
		return &o, c.readCharts(ctx, e, &o)
	}
	return &o, nil
}

// decidingObjects picks out of files the objects that have a say in how others
// are injected, wherever they stand.
func decidingObjects(files []resource.File) []*resource.Object {
	var found []*resource.Object
	for _, f := range files {
		for _, d := range resource.SplitDocuments(f.Data) {
			// Most documents are workloads and will be parsed later.
			if !bytes.Contains(d.Body, []byte(istio.Namespace.Kind)) && !bytes.Contains(d.Body, []byte(istio.ProxyConfig.Kind)) {
				continue
			}
			objects, _ := resource.ParseDocument(f.Name, d) // what cannot be read is told when its turn comes
			for _, o := range objects {
				if o.GroupKind == istio.Namespace || o.GroupKind == istio.ProxyConfig {
					found = append(found, o)
				}
			}
		}
	}
	return found
}

func (c *injectConfig) readFiles(o *inject.Options) error {
	read := func(name string, parse func([]byte) error) error {
		if name == "" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return usagef("reading the injection configuration: %w", err)
		}
		var located usageError
		switch err := parse(text); {
		case err == nil, errors.As(err, &located):
			return err
		default:
			return usagef("%s: %w", name, err)
		}
	}
	return errors.Join(
		read(c.configFile, func(text []byte) (err error) { o.Config, err = inject.ParseConfig(text); return err }),
		read(c.meshFile, func(text []byte) (err error) { o.Mesh, err = parseMeshFile(c.meshFile, text); return err }),
		read(c.valuesFile, func(text []byte) (err error) { o.Values, err = inject.ParseValues(text); return err }),
	)
}

// parseMeshFile reads a mesh config. A misspelt field in a cluster is istiod's
// business, in a file it is a mistake of the user's.
func parseMeshFile(name string, text []byte) (*meshconfig.MeshConfig, error) {
	if err := install.CheckMeshConfig(install.File{Name: name, Data: text}); err != nil {
		return nil, inputError(err)
	}
	return istio.ParseMeshConfig(text)
}

// readCharts fills in what the files leave open. An operator file goes before
// the files, except for the templates, which it does not hold.
func (c *injectConfig) readCharts(ctx context.Context, e *env, o *inject.Options) error {
	mesh := c.mesh
	mesh.revision = c.revision
	config, err := mesh.config(ctx, e)
	if err != nil {
		return err
	}
	meshMap, injectorMap, err := install.RenderInjection(ctx, config)
	if err != nil {
		return inputError(err)
	}
	operator := len(c.mesh.files) > 0
	if o.Config == nil {
		if o.Config, err = inject.ParseConfig(dataOf(injectorMap, "config")); err != nil {
			return err
		}
	}
	if o.Values == nil || operator {
		if o.Values, err = inject.ParseValues(dataOf(injectorMap, "values")); err != nil {
			return err
		}
	}
	if o.Mesh == nil || operator {
		if o.Mesh, err = istio.ParseMeshConfig(dataOf(meshMap, "mesh")); err != nil {
			return err
		}
	}
	if o.Revision == "" {
		o.Revision = config.Revision()
	}
	return nil
}

// dataOf gives the text under a key of a ConfigMap.
func dataOf(configMap map[string]any, key string) []byte {
	data, _ := configMap["data"].(map[string]any)
	text, _ := data[key].(string)
	return []byte(text)
}
