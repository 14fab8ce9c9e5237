package resource

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKustomize(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"kustomization.yaml": "namespace: shop\nresources: [svc.yaml]\n",
		"svc.yaml":           "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := Kustomize(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(file.Data), "namespace: shop") {
		t.Errorf("not built:\n%s", file.Data)
	}
	if _, err := Kustomize(filepath.Join(dir, "absent")); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("error %v must name the directory", err)
	}
}
