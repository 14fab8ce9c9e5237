package analyze

import (
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
@@ -2 +2 @@
-apiVersion: networking.istio.io/v1alpha3 # old
+apiVersion: networking.istio.io/v1 # old
@@ -8 +8 @@
-    loadBalancer: {simple: LEAST_CONN}
+    loadBalancer: {simple: LEAST_REQUEST}
@@ -10 +10 @@
-      consecutiveErrors: 7 # keep
+      consecutive5xxErrors: 7 # keep
`
	if diff := cmp.Diff(want, Patch(edits)); diff != "" {
		t.Error(diff)
	}
}
