package main

import (
	"os"
	"strings"
	"testing"
)

func TestUninjectUndoesInject(t *testing.T) {
	written := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector:\n    matchLabels:\n      app: web\n" +
		"  template:\n    metadata:\n      labels:\n        app: web\n        version: v1\n    spec:\n      containers:\n      - image: web:1\n        name: app\n" +
		"        ports:\n        - containerPort: 8080\n          name: http\n        readinessProbe:\n          httpGet:\n            path: /ready\n            port: 8080\n"
	file := writeTestFile(t, "app.yaml", written+serviceYAML)
	for _, args := range [][]string{{"inject"}, {"inject", "--set", "tag=other"}, {"uninject"}} {
		if got := meshctl(testEnv(t, ""), append(args, "-f", file, "--in-place")...); got.code != exitOK {
			t.Fatalf("%v: code %d\n%s", args, got.code, got.stderr)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != written+serviceYAML {
		t.Errorf("the file is not what it was:\n%s", text)
	}
}

func TestUninjectLeavesTheRestAlone(t *testing.T) {
	got := meshctl(testEnv(t, deploymentYAML+serviceYAML), "uninject", "-f", "-")
	if got.code != exitOK || got.stdout != deploymentYAML+serviceYAML {
		t.Errorf("code %d, stdout:\n%s", got.code, got.stdout)
	}
	if !strings.Contains(got.stderr, "stdin:2: Deployment shop/web skipped: it has not been injected") {
		t.Errorf("report:\n%s", got.stderr)
	}
}

func TestInPlaceNeedsFiles(t *testing.T) {
	for _, command := range []string{"inject", "uninject"} {
		for _, input := range []string{"-", "https://example.com/app.yaml"} {
			if got := meshctl(testEnv(t, ""), command, "-f", input, "--in-place"); got.code != exitUsage {
				t.Errorf("%s -f %s --in-place: code %d, want %d", command, input, got.code, exitUsage)
			}
		}
	}
}
