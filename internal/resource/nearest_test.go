package resource

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"proxyCPU", "proxyMemory", "replicas", "hub"}
	for word, want := range map[string]string{
		"proxyCpu": "proxyCPU",
		"replcas":  "replicas",
		"Memory":   "proxyMemory",
		"hbu":      "",
		"gateway":  "",
		"":         "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
