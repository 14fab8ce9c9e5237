package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/analyze"
)

const brokenShop = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["shop.example.com"]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways:
  - web
  - wbe
  http:
  - route:
    - destination: {host: catalog}
`

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnalyzeNamesTheLineOfAMistake(t *testing.T) {
	file := writeFile(t, "shop.yaml", brokenShop)
	got := meshctl(testEnv(t, ""), "analyze", file)
	want := "Error [IST0101] (VirtualService shop/catalog " + file + ":17) gateway \"wbe\" does not exist\n"
	if got.code != exitFindings || !strings.Contains(got.stdout, want) {
		t.Errorf("exit code %d, stdout:\n%s\nwant %d and the line\n%s", got.code, got.stdout, exitFindings, want)
	}
	if !strings.Contains(got.stderr, "assumed to exist elsewhere") {
		t.Errorf("stderr does not say what was assumed: %q", got.stderr)
	}
}

func TestAnalyzeExitCodeDoesNotDependOnTheFormat(t *testing.T) {
	for _, input := range []struct {
		name, text string
		args       []string
		code       int
	}{
		{"an error", brokenShop, nil, exitFindings},
		{"no finding", strings.Replace(brokenShop, "  - wbe\n", "", 1), nil, exitOK},
		{"only what is suppressed", brokenShop, []string{"-S", "IST0101=VirtualService catalog.*", "-S", "IST0132=VirtualService shop/*"}, exitOK},
		{"text that cannot be parsed", "kind: [", nil, exitFindings},
		{"text that cannot be parsed, ignored", "kind: [", []string{"--ignore-unknown"}, exitOK},
		{"a warning below the threshold", brokenShop, []string{"-S", "IST0101=*"}, exitOK},
		{"a warning at the threshold", brokenShop, []string{"-S", "IST0101=*", "--failure-threshold=Warning"}, exitFindings},
	} {
		for _, format := range []string{"table", "wide", "log", "json", "yaml", "name", "sarif", "junit", "github", "gitlab"} {
			e := testEnv(t, input.text)
			got := meshctl(e, append([]string{"analyze", "-", "-o", format}, input.args...)...)
			if got.code != input.code {
				t.Errorf("%s as %s: exit code %d, want %d\n%s%s", input.name, format, got.code, input.code, got.stdout, got.stderr)
			}
		}
	}
}

func TestAnalyzeJSONHasThePeersFieldsAndOurs(t *testing.T) {
	got := meshctl(testEnv(t, brokenShop), "analyze", "-", "-o", "json")
	var records []analyze.Record
	if err := json.Unmarshal([]byte(got.stdout), &records); err != nil {
		t.Fatalf("%v in %s", err, got.stdout)
	}
	r := records[0]
	if r.Code != "IST0101" || r.Level != analyze.Error || r.Origin != "VirtualService shop/catalog" || r.Reference != "stdin:17" || r.DocumentationURL == "" {
		t.Errorf("the peer's fields are wrong: %+v", r)
	}
	if r.Line != 17 || r.Column != 5 || r.Field != "spec.gateways[1]" || r.Fingerprint == "" || r.Hint == "" {
		t.Errorf("our fields are wrong: %+v", r)
	}
}

func TestAnalyzeWithoutFindingsPrintsAnEmptyList(t *testing.T) {
	got := meshctl(testEnv(t, ""), "analyze", "-", "-o", "json")
	if got.stdout != "[]\n" || got.code != exitOK {
		t.Errorf("got %q, exit code %d", got.stdout, got.code)
	}
}

func TestAnalyzeRejectsWhatItDoesNotKnow(t *testing.T) {
	for _, args := range [][]string{
		{"--analyzer", "gateway.SecretAnalyser"},
		{"-S", "IST9999=Pod x/y"},
		{"-S", "IST0101"},
		{"--scope", "all"},
		{"--failure-threshold", "fatal"},
		{"-o", "xml"},
		{"--explain", "IST9999"},
		{"--use-kube=false"},
	} {
		got := meshctl(testEnv(t, ""), append([]string{"analyze"}, args...)...)
		if got.code != exitUsage || got.stderr == "" {
			t.Errorf("%v: exit code %d, stderr %q", args, got.code, got.stderr)
		}
	}
	got := meshctl(testEnv(t, ""), "analyze", "--analyzer", "gateway.SecretAnalyser")
	if !strings.Contains(got.stderr, "gateway.SecretAnalyzer") {
		t.Errorf("no suggestion in %q", got.stderr)
	}
}

func TestAnalyzeWithFilesReadsNoKubeconfig(t *testing.T) {
	broken := writeFile(t, "config", "{{{")
	got := meshctl(testEnv(t, ""), "analyze", "-", "--kubeconfig", broken)
	if got.code != exitOK {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
}

func TestAnalyzeBaselineHidesWhatIsKnown(t *testing.T) {
	known := meshctl(testEnv(t, brokenShop), "analyze", "-", "-o", "json")
	baseline := writeFile(t, "baseline.json", known.stdout)
	moved := "# a comment\n" + brokenShop
	if got := meshctl(testEnv(t, moved), "analyze", "-", "--baseline", baseline); got.code != exitOK {
		t.Errorf("known findings count: exit code %d\n%s", got.code, got.stdout)
	}
	worse := strings.Replace(brokenShop, "  - wbe\n", "  - wbe\n  - nowhere\n", 1)
	got := meshctl(testEnv(t, worse), "analyze", "-", "--baseline", baseline)
	if got.code != exitFindings || !strings.Contains(got.stdout, "nowhere") || strings.Contains(got.stdout, "wbe") {
		t.Errorf("exit code %d\n%s", got.code, got.stdout)
	}
}

func TestAnalyzeIgnoreRulesHaveAReasonAndAnEnd(t *testing.T) {
	rules := func(expires string) string {
		return writeFile(t, "rules.yaml", `analyze:
  ignore:
  - code: IST0101
    object: VirtualService shop/*
    reason: the gateway comes with the next release
    expires: `+expires+`
  - code: IST0132
    reason: likewise
`)
	}
	if got := meshctl(testEnv(t, brokenShop), "analyze", "-", "--ignore-file", rules("2026-11-01")); got.code != exitOK || got.stdout != "" {
		t.Errorf("on the last day: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	got := meshctl(testEnv(t, brokenShop), "analyze", "-", "--ignore-file", rules("2026-10-31"))
	if got.code != exitFindings || !strings.Contains(got.stdout, "rules.yaml:3) the rule that ignores IST0101 VirtualService shop/* expired on 2026-10-31") {
		t.Errorf("after the last day: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, text := range []string{"analyze: {ignore: [{code: IST0101}]}", "analyze: {ignore: [{code: X, reason: y}]}", "analyze: {ignore: [{code: IST0101, reason: y, expires: soon}]}", "analyse: {}"} {
		if got := meshctl(testEnv(t, brokenShop), "analyze", "-", "--ignore-file", writeFile(t, "rules.yaml", text)); got.code != exitUsage {
			t.Errorf("%s: exit code %d\n%s", text, got.code, got.stderr)
		}
	}
}

func TestAnalyzeFixWritesWhatIsSafe(t *testing.T) {
	const old = "apiVersion: networking.istio.io/v1beta1 # keep\nkind: DestinationRule\nmetadata: {name: catalog, namespace: shop}\nspec:\n  host: catalog\n  trafficPolicy: {loadBalancer: {simple: LEAST_CONN}}\n"
	file := writeFile(t, "rule.yaml", old)
	dry := meshctl(testEnv(t, ""), "analyze", file, "--fix", "--dry-run")
	if text, _ := os.ReadFile(file); string(text) != old || !strings.Contains(dry.stdout, "+apiVersion: networking.istio.io/v1 # keep\n") {
		t.Errorf("the dry run wrote the file, or printed no patch:\n%s%s", dry.stdout, dry.stderr)
	}
	got := meshctl(testEnv(t, ""), "analyze", file, "--fix")
	want := strings.NewReplacer("v1beta1", "v1", "LEAST_CONN", "LEAST_REQUEST").Replace(old)
	if text, _ := os.ReadFile(file); string(text) != want || got.code != exitOK || got.stdout != "" {
		t.Errorf("exit code %d\n%s%s\nthe file is now\n%s", got.code, got.stdout, got.stderr, text)
	}
}
