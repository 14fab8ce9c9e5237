package analyze

import (
	"slices"
	"testing"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

const twoTeams = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {mesh: "yes"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: legacy}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db, namespace: shop}
spec: {hosts: [shop.example.com], http: [{route: [{destination: {host: db.legacy.svc.cluster.local}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: broken, namespace: legacy}
spec: {hosts: [x.example.com], http: [{route: [{destination: {host: absent}}]}]}
`

func TestNamespacesThatDiscoverySelectorsDoNotSelectAreNoPartOfTheMesh(t *testing.T) {
	for _, tt := range []struct {
		what, config string
		want         []string // subjects of missing hosts
	}{
		{"no selectors: all is the mesh", "{}", []string{"VirtualService legacy/broken"}},
		{"by label", `discoverySelectors: [{matchLabels: {mesh: "yes"}}]`, []string{"VirtualService shop/db"}},
		{"by expression", `discoverySelectors: [{matchExpressions: [{key: mesh, operator: Exists}]}]`, []string{"VirtualService shop/db"}},
		{"one of two is enough", `discoverySelectors: [{matchLabels: {mesh: "yes"}}, {matchLabels: {kubernetes.io/metadata.name: legacy}}, {matchExpressions: [{key: mesh, operator: DoesNotExist}]}]`,
			[]string{"VirtualService legacy/broken"}},
		{"a selector that cannot be used", `discoverySelectors: [{matchExpressions: [{key: mesh, operator: Near}]}]`, []string{"VirtualService legacy/broken"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			config, err := istio.ParseMeshConfig([]byte(tt.config))
			if err != nil {
				t.Fatal(err)
			}
			objects, problems := resource.Parse("mesh.yaml", []byte(twoTeams))
			if len(problems) > 0 {
				t.Fatal(problems[0])
			}
			var got []string
			for _, f := range Run(NewMesh(resource.NewSet(objects...), Settings{Scope: Whole, Config: config}), []Analyzer{virtualServiceDestinationHost()}) {
				got = append(got, f.subject())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
