package inject

import (
	"bytes"
	"testing"
)

// Files made on Windows may begin with a byte order mark and end their lines
// by CR LF. That keeps nothing from being injected, and what is not injected
// keeps both.
func TestStreamOfAFileMadeOnWindows(t *testing.T) {
	const pod = "# the shop\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: app}]}\n"
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
	windows := func(text string) []byte {
		return append([]byte("\ufeff"), bytes.ReplaceAll([]byte(text), []byte("\n"), []byte("\r\n"))...)
	}
	injector := testInjector(t, Options{})

	result := injector.Stream("f", windows(service+"---\n"+pod))
	if !bytes.HasPrefix(result.YAML, windows(service)) {
		t.Errorf("the Service has changed:\n%q", result.YAML)
	}
	if len(result.Reports) != 2 || result.Reports[1].Outcome != Injected || result.Reports[1].Line != 6 {
		t.Errorf("reports: %v", result.Reports)
	}
	if problems := parseProblems(result.YAML); problems != "" {
		t.Errorf("the output cannot be read: %s\n%q", problems, result.YAML)
	}
	if again := injector.Stream("f", result.YAML); !bytes.Equal(again.YAML, result.YAML) {
		t.Errorf("the second injection changes the first:\n%q\n%q", result.YAML, again.YAML)
	}
	if result := injector.Stream("f", windows(pod)); len(result.Failures()) > 0 || result.Reports[0].Outcome != Injected {
		t.Errorf("a workload after the mark: %v", result.Reports)
	}
}
