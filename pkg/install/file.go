package install

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
)

// File is one input document as read: its name for messages, and its bytes.
type File struct {
	Name string
	Data []byte
}

// document is a decoded File. The node tree keeps line numbers for messages;
// the values are decoded apart, since Kubernetes reads YAML 1.1 booleans
// (yes, on) where the node tree does not.
type document struct {
	name   string
	node   *yamlnode.Node
	values Values
}

// decodeFile reads exactly one YAML mapping.
func decodeFile(f File) (*document, error) {
	node, err := singleNode(f)
	if err != nil {
		return nil, err
	}
	if node == nil {
		return nil, fmt.Errorf("reading %s: the file is empty; expected one IstioOperator document", f.Name)
	}
	if node.Kind != yamlnode.MappingNode {
		return nil, fmt.Errorf("reading %s:%d: expected a mapping with kind and spec", f.Name, node.Line)
	}
	if key := duplicateKey(node); key != nil {
		return nil, fmt.Errorf("reading %s:%d: key %q is given twice in the same mapping", f.Name, key.Line, key.Value)
	}
	values := Values{}
	if err := yaml.Unmarshal(f.Data, &values); err != nil {
		return nil, fmt.Errorf("reading %s: %s", f.Name, plainYAMLError(err))
	}
	return &document{name: f.Name, node: node, values: values}, nil
}

// singleNode parses one document; further ones may only be empty.
func singleNode(f File) (*yamlnode.Node, error) {
	if i := bytes.IndexByte(f.Data, 0); i >= 0 {
		return nil, fmt.Errorf("reading %s: byte %d is zero: this is not a YAML text", f.Name, i)
	}
	decoder := yamlnode.NewDecoder(bytes.NewReader(f.Data))
	var found *yamlnode.Node
	for {
		var doc yamlnode.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %w", resource.YAMLProblem(f.Name, 1, err))
		}
		content := doc.Content[0]
		if content.Kind == yamlnode.ScalarNode && content.Tag == "!!null" {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("reading %s:%d: a second document starts here; a file holds only one", f.Name, content.Line)
		}
		found = content
	}
}

// duplicateKey finds the first key that its mapping has already.
func duplicateKey(node *yamlnode.Node) *yamlnode.Node {
	if node.Kind == yamlnode.MappingNode {
		seen := make(map[string]bool, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if seen[key.Value] && key.Tag != "!!merge" {
				return key
			}
			seen[key.Value] = true
		}
	}
	if node.Kind == yamlnode.AliasNode {
		return nil // the anchor is looked at where it stands
	}
	for _, child := range node.Content {
		if key := duplicateKey(child); key != nil {
			return key
		}
	}
	return nil
}

// plainYAMLError strips the layers that YAML and JSON libraries put around the
// one sentence that helps.
func plainYAMLError(err error) string {
	text := err.Error()
	for _, prefix := range []string{"error converting YAML to JSON: ", "yaml: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}
