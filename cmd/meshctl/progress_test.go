package main

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/install"
)

// What is only removed is told line by line and is not part of the live view.
func TestTheLiveViewIsOfWhatIsApplied(t *testing.T) {
	e := testEnv(t, "")
	var out strings.Builder
	e.err = &out
	p := newProgress(e)
	p.live = true
	p.report(install.Event{Type: install.Started, Component: "grafana"})
	p.report(install.Event{Type: install.Applied, Component: "grafana", Object: "ConfigMap a/grafana"})
	for _, object := range []string{"Deployment a/kiali", "Service a/kiali"} {
		p.report(install.Event{Type: install.Deleted, Component: "kiali", Object: object})
	}
	p.finish()
	if text := out.String(); strings.Contains(text, "kiali  ") || strings.Count(text, "removed ") != 2 || !strings.HasSuffix(text, "grafana              1 applied  done\n") {
		t.Errorf("got %q", text)
	}
}
