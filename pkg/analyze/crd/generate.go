//go:build ignore

// Generate collects the CRDs of the Gateway API into gatewayapi.yaml.gz,
// without descriptions, and without rules in CEL: these rely on the defaults
// that the API server fills in first. They are those of the experimental channel,
// which has all that the standard one has: which of the two a cluster has is
// not known, and a field that exists in one of them must be no finding.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// module is the version with which Istio 1.31 is built.
const module = "sigs.k8s.io/gateway-api@v1.6.0"

func main() {
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	check(err)
	var downloaded struct{ Dir string }
	check(json.Unmarshal(out, &downloaded))
	files, err := filepath.Glob(filepath.Join(downloaded.Dir, "config/crd/experimental/gateway.networking.k8s.io_*.yaml"))
	check(err)
	slices.Sort(files)
	var text bytes.Buffer
	for _, file := range files {
		data, err := os.ReadFile(file)
		check(err)
		var crd map[string]any
		check(yaml.Unmarshal(data, &crd))
		if crd["kind"] != "CustomResourceDefinition" {
			continue
		}
		spec := crd["spec"].(map[string]any)
		for _, item := range spec["versions"].([]any) {
			version := item.(map[string]any)
			schema := version["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
			shorten(schema)
			// What controllers write is not the user's business.
			schema["properties"].(map[string]any)["status"] = map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
			// The reader looks for a version's name after the first line of its item.
			version["additionalPrinterColumns"] = []any{}
		}
		short, err := yaml.Marshal(map[string]any{"apiVersion": crd["apiVersion"], "kind": crd["kind"], "spec": spec})
		check(err)
		text.WriteString("---\n")
		text.Write(short)
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	check(err)
	_, err = w.Write(text.Bytes())
	check(err)
	check(w.Close())
	check(os.WriteFile("gatewayapi.yaml.gz", packed.Bytes(), 0o644))
}

// shorten drops from a schema what is not checked.
func shorten(schema map[string]any) {
	for _, word := range []string{"description", "x-kubernetes-validations", "x-kubernetes-map-type"} {
		delete(schema, word)
	}
	if values, _ := schema["enum"].([]any); slices.ContainsFunc(values, func(v any) bool { _, text := v.(string); return !text }) {
		delete(schema, "enum") // of numbers, such as status codes
	}
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	schema["required"] = slices.DeleteFunc(required, func(name any) bool {
		property, _ := properties[name.(string)].(map[string]any)
		_, filledIn := property["default"]
		return filledIn
	})
	if len(required) == 0 {
		delete(schema, "required")
	}
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
	delete(schema, "default") // the parent has looked at it, or there is none
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
