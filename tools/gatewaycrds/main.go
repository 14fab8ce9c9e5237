// Command gatewaycrds writes the CRDs of the Gateway API to gatewayapi.yaml.gz
// in the current directory, for pkg/analyze/crd, without what is not checked, such
// as descriptions. They are those of the experimental channel, which has all that the standard one has: which of the
// two a cluster has is not known, and a field that exists in one of them must
// be no finding.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// module is the version with which Istio 1.31 is built.
const module = "sigs.k8s.io/gateway-api@v1.6.0"

func main() {
	if err := generate("gatewayapi.yaml.gz"); err != nil {
		fmt.Fprintln(os.Stderr, "generating the CRDs of the Gateway API:", err)
		os.Exit(1)
	}
}

func generate(target string) error {
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	if err != nil {
		return fmt.Errorf("downloading %s: %w", module, err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(downloaded.Dir, "config/crd/experimental/gateway.networking.k8s.io_*.yaml"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	var text bytes.Buffer
	for _, file := range files {
		short, err := shortened(file)
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		text.Write(short)
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(target, packed.Bytes(), 0o644)
}

// shortened is the CRD in a file, without what is not checked; nothing if there
// is none in it.
func shortened(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var crd struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Spec       map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal(data, &crd); err != nil {
		return nil, err
	}
	if crd.Kind != "CustomResourceDefinition" {
		return nil, nil
	}
	for _, item := range crd.Spec["versions"].([]any) {
		version := item.(map[string]any)
		schema := version["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
		shorten(schema)
		// What controllers write is not the user's business.
		schema["properties"].(map[string]any)["status"] = map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
		// The reader looks for a version's name after the first line of its item.
		version["additionalPrinterColumns"] = []any{}
	}
	text, err := yaml.Marshal(crd)
	return append([]byte("---\n"), text...), err
}

// shorten drops from a schema what is not checked.
func shorten(schema map[string]any) {
	for _, word := range []string{"description", "x-kubernetes-map-type"} {
		delete(schema, word)
	}
	if values, _ := schema["enum"].([]any); slices.ContainsFunc(values, func(v any) bool { _, text := v.(string); return !text }) {
		delete(schema, "enum") // of numbers, such as status codes
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, property := range properties {
		shorten(property.(map[string]any))
	}
	for _, word := range []string{"items", "additionalProperties", "not"} {
		if child, ok := schema[word].(map[string]any); ok {
			shorten(child)
		}
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		children, _ := schema[word].([]any)
		for _, child := range children {
			shorten(child.(map[string]any))
		}
	}
}
