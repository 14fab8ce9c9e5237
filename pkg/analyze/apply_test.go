package analyze

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/resource"
)

const oldRule = `# our rule
apiVersion: networking.istio.io/v1alpha3 # old
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  trafficPolicy:
    loadBalancer: {simple: LEAST_CONN}
    outlierDetection:
      consecutiveErrors: 7 # keep
`

const newRule = `# our rule
apiVersion: networking.istio.io/v1 # old
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  trafficPolicy:
    loadBalancer: {simple: LEAST_REQUEST}
    outlierDetection:
      consecutive5xxErrors: 7 # keep
`

func TestFixesKeepCommentsAndSettleTheFindings(t *testing.T) {
	analyzed := func(text string) []Finding {
		objects, problems := resource.Parse("rule.yaml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems[0])
		}
		return Run(NewMesh(resource.NewSet(objects...), Settings{}), []Analyzer{deprecatedValues()})
	}
	findings := analyzed(oldRule)
	edits, fixed := Edits(findings, map[string][]byte{"rule.yaml": []byte(oldRule)})
	got := string(ApplyEdits([]byte(oldRule), edits))
	if diff := cmp.Diff(newRule, got); diff != "" {
		t.Error(diff)
	}
	if len(fixed) != 3 || len(analyzed(got)) != 0 {
		t.Errorf("%d findings of %d fixed, %d left", len(fixed), len(findings), len(analyzed(got)))
	}
	want := `--- a/rule.yaml
+++ b/rule.yaml
@@ -1,10 +1,10 @@
 # our rule
-apiVersion: networking.istio.io/v1alpha3 # old
+apiVersion: networking.istio.io/v1 # old
 kind: DestinationRule
 metadata: {name: catalog, namespace: shop}
 spec:
   host: catalog
   trafficPolicy:
-    loadBalancer: {simple: LEAST_CONN}
+    loadBalancer: {simple: LEAST_REQUEST}
     outlierDetection:
-      consecutiveErrors: 7 # keep
+      consecutive5xxErrors: 7 # keep
`
	if diff := cmp.Diff(want, Patch(edits, map[string][]byte{"rule.yaml": []byte(oldRule)})); diff != "" {
		t.Error(diff)
	}
}

func TestFixesOfALine(t *testing.T) {
	const rename, both = "spec.timeot>timeout", "spec.percent>percentage={value: 10}"
	for _, tt := range []struct{ line, fix, want string }{
		{"  timeot: 5s # slow", rename, "  timeout: 5s # slow"},
		{"  - timeot: 5s", rename, "  - timeout: 5s"},
		{"  {a: b, timeot: 5s}", rename, "  {a: b, timeout: 5s}"},
		{"  a: {timeot: 5s}", rename, "  a: {timeout: 5s}"},
		{"  timeot:", rename, "  timeout:"},
		{"  timeot: # of the route", rename, ""},
		{`  "timeot": 5s`, rename, ""},
		{"  delay: {percent: 10, fixedDelay: 1s}", both, "  delay: {percentage: {value: 10}, fixedDelay: 1s}"},
		{"  percent: 10 # a tenth", both, "  percentage: {value: 10} # a tenth"},
		{`  percent: "10"`, both, ""},
		{`  "simple": "LEAST_CONN",`, "spec.simple=LEAST_REQUEST", `  "simple": "LEAST_REQUEST",`},
		{"  simple: 'LEAST_CONN'", "spec.simple=LEAST_REQUEST", "  simple: 'LEAST_REQUEST'"},
		{"  simple: LEAST_CONN # überall", "spec.simple=LEAST_REQUEST", ""},
	} {
		name, value, _ := strings.Cut(tt.fix, "=")
		field, renamed, _ := strings.Cut(name, ">")
		key := strings.TrimPrefix(field, "spec.")
		fix := &Fix{Field: path("spec", key), Rename: renamed, Value: value}
		column := strings.Index(tt.line, key)
		if _, after, _ := strings.Cut(tt.line[column:], ":"); strings.TrimSpace(after) != "" && !strings.HasPrefix(strings.TrimSpace(after), "#") {
			column = len(tt.line) - len(strings.TrimLeft(after, " "))
		}
		got, ok := fix.change(tt.line, column)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s with %s: %q, %v, want %q", tt.line, tt.fix, got, ok, tt.want)
		}
	}
}

func TestAMisspeltFieldIsRenamedWhereThatIsBeyondDoubt(t *testing.T) {
	const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: b}
spec:
  hosts: [c]
  http:
  - timeot: 5s
    retires: {attempts: 1}
    mathc: [{uri: {exact: /}}]
    rewrit: {uri: /}
    rewrite: {uri: /x}
    fault: {delay: {percent: 5, fixedDelay: 1s}, abort: {percent: 10, httpStatus: 500}}
    mirror: {host: c}
    mirrorPercent: 50
    route: [{destination: {host: c}}]
`
	objects, _ := resource.Parse("a.yaml", []byte(text))
	edits, _ := Edits(Run(NewMesh(resource.NewSet(objects...), Settings{}), All()), map[string][]byte{"a.yaml": []byte(text)})
	want := strings.NewReplacer("timeot", "timeout", // not the transposed ones: two slips; and rewrite is there already
		"delay: {percent: 5,", "delay: {percentage: {value: 5},", "abort: {percent: 10,", "abort: {percentage: {value: 10},",
		"mirrorPercent: 50", "mirrorPercentage: {value: 50}").Replace(text)
	if diff := cmp.Diff(want, string(ApplyEdits([]byte(text), edits))); diff != "" {
		t.Error(diff)
	}
}
