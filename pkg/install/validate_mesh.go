package install

import (
	"fmt"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/istio"
)

// CheckMeshConfig checks a mesh config as it stands under the key "mesh" of
// istiod's ConfigMap: fields, types, and values that istiod would refuse. All
// problems, with their lines, come back as one *InputError.
func CheckMeshConfig(f File) error {
	node, err := singleNode(f)
	if err != nil {
		return &InputError{Err: err}
	}
	if node == nil {
		return nil // all defaults
	}
	if node.Kind != yamlnode.MappingNode {
		return &InputError{Err: fmt.Errorf("reading %s:%d: expected a mapping with fields of a mesh config, such as defaultConfig", f.Name, node.Line)}
	}
	if key := duplicateKey(node); key != nil {
		return &InputError{Err: fmt.Errorf("reading %s:%d: key %q is given twice in the same mapping", f.Name, key.Line, key.Value)}
	}
	var mesh Values
	if err := yaml.Unmarshal(f.Data, &mesh); err != nil {
		return &InputError{Err: fmt.Errorf("reading %s: %s", f.Name, plainYAMLError(err))}
	}
	v := &validator{}
	v.check(meshConfigSchema(), nil, mesh)
	if len(v.problems) == 0 {
		v.checkMeshConfig(nil, mesh)
	}
	if len(v.problems) == 0 {
		return nil
	}
	for i := range v.problems {
		p := &v.problems[i]
		p.Origin = f.Name
		if line := lineOf(node, p.keys); line > 0 {
			p.Origin = fmt.Sprintf("%s:%d", f.Name, line)
		}
	}
	return &InputError{Problems: v.problems}
}

// checkMeshConfig checks the values of a mesh config that stands under keys.
func (v *validator) checkMeshConfig(keys []string, mesh Values) {
	text, err := yaml.Marshal(mesh)
	if err != nil {
		v.report(keys, err.Error(), "")
		return
	}
	config, err := istio.ParseMeshConfig(text)
	if err != nil {
		v.report(keys, err.Error(), "")
		return
	}
	for _, fault := range istio.CheckMeshConfig(config) {
		at := append(append([]string(nil), keys...), strings.Split(fault.Field, ".")...)
		v.report(at, fault.Err.Error(), "")
	}
}
