package install

import (
	"strings"
	"testing"
)

func TestDigestsAreReadInEachForm(t *testing.T) {
	pin := "sha256:" + strings.Repeat("a", 64)
	for name, text := range map[string]string{
		"joined":         "# pins of today\n\ndocker.io/istio/pilot:1.31.1@" + pin + "  # istiod\n",
		"apart":          "istio/pilot:1.31.1 " + pin,
		"a mapping":      `{"docker.io/istio/pilot:1.31.1": "` + pin + `"}`,
		"our own output": `[{"image": "docker.io/istio/pilot:1.31.1@` + pin + `", "digest": "` + pin + `"}, {"image": "other:1"}]`,
	} {
		digests, err := ReadDigests(File{Name: "pins", Data: []byte(text)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		images, without := Pin([]Image{splitImage("docker.io/istio/pilot:1.31.1", nil), splitImage("docker.io/istio/proxyv2:1.31.1", nil)}, digests)
		if images[0].Image != "docker.io/istio/pilot:1.31.1@"+pin || images[0].Digest != pin || len(without) != 1 || without[0] != "docker.io/istio/proxyv2:1.31.1" {
			t.Errorf("%s: %+v, without a digest: %v", name, images, without)
		}
	}
	for text, want := range map[string]string{
		"a:1@sha256:short": "pins:1: the digest of a:1",
		"\n\na:1":          "such as IMAGE@sha256",
		"{":                "expected a mapping",
		"[1]":              "expected a list",
		"a:1@" + pin + "\na:1@sha256:" + strings.Repeat("b", 64): "pins:2: a:1 has two digests",
	} {
		if _, err := ReadDigests(File{Name: "pins", Data: []byte(text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
