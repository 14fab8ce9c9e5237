// Package release holds what makes a release; its tests keep its parts in step.
package release

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// plugin is a Krew manifest,
// https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
type plugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		Homepage         string     `json:"homepage"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Platforms        []platform `json:"platforms"`
	} `json:"spec"`
}

type platform struct {
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"selector"`
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
	Bin    string `json:"bin"`
}

// Every platform that build.sh builds is in the manifest, with the name, the
// checksum's placeholder and the program that build.sh gives it.
func TestKrewManifestIsThatOfTheArchives(t *testing.T) {
	text, err := os.ReadFile("krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var p plugin
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		t.Fatal(err)
	}
	if p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || p.Kind != "Plugin" || p.Metadata.Name != "mesh" || p.Spec.Version != "{{VERSION}}" {
		t.Errorf("%+v", p)
	}
	if n := len(p.Spec.ShortDescription); n == 0 || n > 50 || strings.HasSuffix(p.Spec.ShortDescription, ".") {
		t.Errorf("the short description %q: Krew wants 1 to 50 characters without a full stop", p.Spec.ShortDescription)
	}
	if p.Spec.Description == "" || !strings.HasPrefix(p.Spec.Homepage, "https://") {
		t.Error("Krew wants a description and a homepage")
	}
	script, err := os.ReadFile("build.sh")
	if err != nil {
		t.Fatal(err)
	}
	loop := regexp.MustCompile(`for platform in ([a-z0-9/ ]+);`).FindSubmatch(script)
	if loop == nil {
		t.Fatal("build.sh names no platforms")
	}
	var want []platform
	for name := range strings.FieldsSeq(string(loop[1])) {
		system, arch, _ := strings.Cut(name, "/")
		one := platform{
			URI:    "https://github.com/meshctl/meshctl/releases/download/{{VERSION}}/meshctl_{{VERSION}}_" + system + "_" + arch + ".tar.gz",
			SHA256: "{{SHA256 " + system + "_" + arch + "}}", Bin: "meshctl",
		}
		if system == "windows" {
			one.Bin = "meshctl.exe"
		}
		one.Selector.MatchLabels = map[string]string{"os": system, "arch": arch}
		want = append(want, one)
	}
	if diff := cmp.Diff(want, p.Spec.Platforms); diff != "" {
		t.Error(diff)
	}
}
