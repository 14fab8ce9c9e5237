package install

import (
	"bytes"
	"fmt"
)

// IsOperatorFile tells an IstioOperator document from rendered manifests.
func IsOperatorFile(f File) bool {
	for line := range bytes.Lines(f.Data) {
		if kind, ok := bytes.CutPrefix(line, []byte("kind:")); ok {
			return string(bytes.Trim(kind, " \t\r\n\"'")) == "IstioOperator"
		}
	}
	return false
}

// ParseManifest reads rendered manifests.
func ParseManifest(f File) ([]*Object, error) {
	objects, err := parseObjects("", string(f.Data))
	if err != nil {
		return nil, &InputError{Err: fmt.Errorf("reading %s: %w", f.Name, err)}
	}
	if len(objects) == 0 {
		return nil, &InputError{Err: fmt.Errorf("reading %s: it holds no Kubernetes object", f.Name)}
	}
	for _, o := range objects {
		o.Component = lookupString(o.content, "metadata", "labels", componentLabel)
	}
	return objects, nil
}
