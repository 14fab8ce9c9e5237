// Package conformance compares meshctl with a corpus of inputs and what the
// peer, istioctl 1.31, makes of them. The corpus lives outside this
// repository; without it the tests are skipped.
package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// corpus gives the directory of the corpus: $MESHCTL_CORPUS, else
// ../shared/corpus beside this repository.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("MESHCTL_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpus: %v (set MESHCTL_CORPUS)", err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// cases lists the case directories below root, sorted. Names that start with
// "_" hold inputs shared by several cases.
func cases(t *testing.T, root string) []string {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), "_") {
			dirs = append(dirs, filepath.Join(root, entry.Name()))
		}
	}
	slices.Sort(dirs)
	return dirs
}

// readText reads a file, unpacked if its name ends with .gz.
func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		unpacker, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if data, err = io.ReadAll(unpacker); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return string(data)
}

// readJSON decodes a file.
func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(readText(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// readYAMLDocuments decodes the objects of a stream, by "Kind namespace/name"
// or "Kind name".
func readYAMLDocuments(t *testing.T, name string) map[string]any {
	t.Helper()
	objects := map[string]any{}
	decoder := yamlv3.NewDecoder(strings.NewReader(readText(t, name)))
	for {
		var node yamlv3.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := yamlv3.Marshal(&node)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var object map[string]any
		if err := yaml.Unmarshal(text, &object); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if object != nil {
			objects[objectID(object)] = object
		}
	}
}

// objectID names an object as the files expected.order do.
func objectID(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	kind, _ := object["kind"].(string)
	name, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		name = namespace + "/" + name
	}
	return kind + " " + name
}

// peerFlags goes over the flags of a command line and their values. switches have a value only
// behind an equals sign.
func peerFlags(args []string, switches ...string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := 0; i < len(args); i++ {
			flag, value, joined := strings.Cut(args[i], "=")
			if !joined && !slices.Contains(switches, flag) && i+1 < len(args) {
				i++
				value = args[i]
			}
			if !yield(flag, value) {
				return
			}
		}
	}
}
