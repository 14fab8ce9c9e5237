package resource

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Kustomize builds the kustomization in a directory, as `kubectl kustomize`
// does without plugins. The result is named like the directory: lines in it
// are those of the built stream, because the library does not tell which file
// an object came from.
func Kustomize(dir string) (File, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return File{}, fmt.Errorf("building kustomization %s: %w", dir, err)
	}
	text, err := built.AsYaml()
	if err != nil {
		return File{}, fmt.Errorf("building kustomization %s: %w", dir, err)
	}
	return File{Name: dir, Data: text}, nil
}
