package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withConfig writes the configuration file of an environment.
func withConfig(t *testing.T, e *env, text string) string {
	t.Helper()
	path, _ := e.configPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSettingsPrecedence(t *testing.T) {
	tests := []struct {
		name, file, env string
		args            []string
		want            string
	}{
		{"the default", "", "", nil, "istio-system default"},
		{"the file before the default", "istio-namespace: from-file\n", "", nil, "from-file FILE:1"},
		{"the environment before the file", "istio-namespace: from-file\n", "from-env", nil, "from-env environment variable MESHCTL_ISTIO_NAMESPACE"},
		{"the flag before all", "istio-namespace: from-file\n", "from-env", []string{"-i", "from-flag"}, "from-flag flag"},
		{"the flag as istioctl spells it", "", "", []string{"--istioNamespace", "from-flag"}, "from-flag flag"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := testEnv(t, "")
			path := withConfig(t, e, tt.file)
			getenv := e.getenv
			e.getenv = func(name string) string {
				if name == "MESHCTL_ISTIO_NAMESPACE" {
					return tt.env
				}
				return getenv(name)
			}
			got := meshctl(e, append([]string{"config", "list"}, tt.args...)...)
			if got.code != exitOK {
				t.Fatalf("exit %d: %s", got.code, got.stderr)
			}
			want := strings.ReplaceAll(tt.want, "FILE", path)
			for line := range strings.Lines(got.stdout) {
				if fields := strings.Fields(line); fields[0] == "istio-namespace" {
					if line := strings.Join(fields[1:], " "); line != want {
						t.Errorf("got %q, want %q", line, want)
					}
					return
				}
			}
			t.Errorf("istio-namespace is not listed:\n%s", got.stdout)
		})
	}
}

func TestBrokenConfigNamesFileAndLine(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"not YAML":         {"color: auto\ncolor", ":2: could not find expected ':'"},
		"unknown setting":  {"# mine\noutptu: json\n", `:2: there is no setting "outptu"`},
		"wrong value":      {"color: auto\ntimeout: soon\n", ":2: timeout: time: invalid duration"},
		"wrong word":       {"output: xml\n", ":1: output: expected one of table"},
		"not a mapping":    {"- a\n", ":1: expected settings"},
		"a setting inside": {"version:\n  short: 3\n", ":2: version.short: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := testEnv(t, "")
			path := withConfig(t, e, tt.text)
			got := meshctl(e, "version", "--remote=false")
			if got.code != exitUsage || !strings.Contains(got.stderr, path+tt.want) || got.stdout != "" {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q", got.code, got.stdout, got.stderr, path+tt.want)
			}
		})
	}
}

func TestConfigSetKeepsCommentsAndUnsetRemoves(t *testing.T) {
	e := testEnv(t, "")
	path := withConfig(t, e, "# where istiod is\nistio-namespace: old # mine\n")
	for _, args := range [][]string{
		{"config", "set", "istio-namespace", "new"},
		{"config", "set", "version.short", "true"},
		{"config", "set", "timeout", "1m"},
		{"config", "unset", "timeout"},
	} {
		if got := meshctl(e, args...); got.code != exitOK {
			t.Fatalf("%v: exit %d: %s", args, got.code, got.stderr)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "# where istiod is\nistio-namespace: new # mine\nversion:\n    short: \"true\"\n"
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestConfigSetRefusesWhatNoCommandWouldAccept(t *testing.T) {
	e := testEnv(t, "")
	for _, args := range [][]string{{"color", "purple"}, {"nosuch", "x"}, {"help", "true"}} {
		if got := meshctl(e, append([]string{"config", "set"}, args...)...); got.code != exitUsage {
			t.Errorf("%v: exit %d, want 2", args, got.code)
		}
	}
	if path, _ := e.configPath(); fileExists(path) {
		t.Error("a refused setting was written")
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
