package analyze

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

func TestValuesOfWrongTypesInKindsOfKubernetesAreFound(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: b}\nspec:\n"
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\nspec:\n"
	for _, tt := range []struct{ text, field, served, written string }{ // what is said of the object of a cluster, and of a file
		{service + "  ports:\n  - name: http\n    port: 80\n  - name: http2\n    port: \"81\"\n", "spec.ports[1].port", "spec.ports[1].port: the value must be a whole number, not text", `not the text "81"`},
		{service + "  ports: none\n", "spec.ports", "spec.ports: the value must be a list, not text", `not the text "none"`},
		{service + "  selector: [app]\n", "spec.selector", "spec.selector: the value must be an object, not a list", "not a list"},
		{service + "  selector: {app: 5}\n", "spec.selector.app", "spec.selector.app: the value must be text, not the number", "not 5; put it in quotes"},
		{service + "  ports: {port: 80}\n", "spec.ports", "spec.ports: the value must be a list, not an object", "not an object"},
		{service + "  ports: [{port: 80.5}]\n", "spec.ports[0].port", "spec.ports[0].port: the value must be a whole number, not the number 80.5", "not 80.5"},
		{deployment + "  template:\n    spec:\n      containers:\n      - name: a\n        image: [x]\n", "spec.template.spec.containers[0].image", "spec.template.spec.containers[0].image: the value must be text, not a list", "not a list"},
		{deployment + "  template:\n    spec:\n      hostNetwork: \"yes\"\n", "spec.template.spec.hostNetwork", "spec.template.spec.hostNetwork: the value must be true or false, not text", `not the text "yes"`},
	} {
		objects, problems := resource.Parse("test.yaml", []byte(tt.text))
		if len(problems) > 0 {
			t.Fatal(problems[0])
		}
		written, _, _ := strings.Cut(tt.served, " not ")
		for _, want := range []struct {
			message string
			inFile  bool
		}{{written + " " + tt.written, true}, {tt.served, false}} {
			if !want.inFile {
				objects[0].Origin = resource.Origin{}
			}
			var got []Finding
			for _, f := range Run(NewMesh(resource.NewSet(objects...), Settings{}), All()) {
				if f.Code == "MSH0003" {
					got = append(got, f)
				}
			}
			if len(got) != 1 || got[0].Field.String() != tt.field || got[0].Message != want.message || want.inFile && got[0].Origin.Line < 5 {
				t.Errorf("%s: found %+v, want %s at %s", tt.text, Records(got), want.message, tt.field)
			}
		}
	}
}
