package snapshot

import (
	"strings"
	"testing"
)

func TestFilterPicksAsIstioctlsBugReport(t *testing.T) {
	web := Pod{
		Namespace: "shop", Deployment: "web", Name: "web-7d-abc",
		Labels:      map[string]string{"app": "web", "version": "v1", "app.kubernetes.io/name": "web"},
		Annotations: map[string]string{"owner": "team-a", "sidecar.istio.io/inject": "true"},
	}
	tests := []struct {
		include, exclude string
		container        string
		want             bool
	}{
		{"", "", "", true},
		{"shop", "", "", true},
		{"a,shop", "", "", true},
		{"a,b", "", "", false},
		{"sh*", "", "", true},
		{"*/*/*/*/*/*", "", "istio-proxy", true},
		{"a,*", "", "", true},
		{"shop/web", "", "", true},
		{"shop/api", "", "", false},
		{"shop//web-*", "", "", true},
		{"///app=web", "", "", true},
		{"///app=w*,version=v1", "", "", true},
		{"///app=web,version=v2", "", "", false}, // all labels must fit
		{"///*", "", "", true},
		{"///app.kubernetes.io/name=web", "", "", true},
		{"///app=web,app.kubernetes.io/name=web/owner=team-a", "", "", true},
		{"///app=web/owner=team-b", "", "", false},
		{"////sidecar.istio.io/inject=true/istio-proxy", "", "istio-proxy", true},
		{"////sidecar.istio.io/inject=true/istio-proxy", "", "app", false},
		{"", "shop", "", false},
		{"shop", "shop/web", "", false},
		{"", "shop/////istio-proxy", "", true}, // the pod, without that container
		{"", "shop/////istio-proxy", "istio-proxy", false},
	}
	for _, tt := range tests {
		t.Run(tt.include+" without "+tt.exclude+" "+tt.container, func(t *testing.T) {
			list := func(text string) []string {
				if text == "" {
					return nil
				}
				return []string{text}
			}
			f, err := NewFilter(list(tt.include), list(tt.exclude))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Picks(web, tt.container); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
	for text, want := range map[string]string{
		"a/b/c/d=e/f=g/h/i": "no more than NAMESPACES", "[a": "is no pattern", "///app": "expected KEY=VALUE", "///app=web,version": "expected KEY=VALUE",
	} {
		if _, err := NewFilter([]string{text}, nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--include") {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := NewFilter(nil, []string{text}); err == nil || !strings.Contains(err.Error(), "--exclude") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
