package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Each line gets its time, also one that comes in pieces.
func TestALogInTheFormatOfCRI(t *testing.T) {
	dir := t.TempDir()
	plain, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := openCRILog(plain, filepath.Join(dir, "cri"))
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"first\nsec", "ond", "\nthe rest"} {
		if _, err := log.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	log.close()
	if got, err := os.ReadFile(filepath.Join(dir, "plain")); err != nil || string(got) != "first\nsecond\nthe rest" {
		t.Errorf("plain: %q, %v", got, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "cri"))
	if err != nil {
		t.Fatal(err)
	}
	times := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z stdout F `)
	if lines := times.ReplaceAllString(string(got), ""); lines != "first\nsecond\nthe rest\n" {
		t.Errorf("with times: %q", got)
	}
}
