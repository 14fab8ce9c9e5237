package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// logging is the page of that name of an admin port.
type logging struct {
	mu     sync.Mutex
	levels map[string]string
	// refuses is a logger that cannot be set.
	refuses string
}

func (l *logging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, values := range r.URL.Query() {
		if name == l.refuses {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		for logger := range l.levels {
			if name == "level" || name == logger {
				l.levels[logger] = values[0]
			}
		}
	}
	fmt.Fprintln(w, "active loggers:")
	for _, name := range slices.Sorted(maps.Keys(l.levels)) {
		fmt.Fprintf(w, "  %s: %s\n", name, l.levels[name])
	}
}

func (l *logging) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.levels)
}

// Whatever goes wrong with one proxy, levels that were to be set for a while do not stay.
func TestProxyLogRestoresLevelsThoughAProxyFails(t *testing.T) {
	good := &logging{levels: map[string]string{"http": "warning", "rbac": "info"}}
	half := &logging{levels: map[string]string{"http": "error", "rbac": "error"}, refuses: "rbac"}
	goodBefore, halfBefore := good.String(), half.String()
	pod := func(name string) string { return strings.Replace(liveProxyPod, "web-1", name, 1) }
	s := kubetest.NewServer(t, pod("good"), pod("half"), pod("closed"))
	for name, l := range map[string]*logging{"good": good, "half": half} {
		server := httptest.NewServer(l)
		t.Cleanup(server.Close)
		s.Forward("shop", name, 15000, server.URL)
	}
	s.Forward("shop", "closed", 15000, "http://127.0.0.1:1")
	run := func(args ...string) outcome {
		return meshctl(testEnv(t, ""), append([]string{"pc", "log", "--kubeconfig", s.Kubeconfig(), "-n", "shop"}, args...)...)
	}
	got := run("good", "half", "closed", "--level", "http:debug,rbac:trace", "--for", "1ms")
	if got.code == 0 || !strings.Contains(got.stderr, "the levels are restored") || !strings.Contains(got.stderr, "closed") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if !strings.Contains(got.stdout, "good.shop   http     debug") || strings.Contains(got.stdout, "half.shop") {
		t.Errorf("shown are not those that were set:\n%s", got.stdout)
	}
	if good.String() != goodBefore || half.String() != halfBefore {
		t.Errorf("not restored: %s, %s", good, half)
	}
	if got := run("good", "--level", "http:debug"); got.code != 0 || good.levels["http"] != "debug" {
		t.Errorf("exit code %d, %s\n%s", got.code, good, got.stderr)
	}
	if got := run("closed", "--level", "http:debug", "--for", "1ms"); got.code == 0 || strings.Contains(got.stderr, "restored") {
		t.Errorf("nothing was set: exit code %d\n%s", got.code, got.stderr)
	}
}
