package kube_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/internal/resource"
)

func object(t *testing.T, manifest string) *resource.Object {
	t.Helper()
	objects, problems := resource.Parse("manifest", []byte(manifest))
	if len(objects) != 1 || len(problems) > 0 {
		t.Fatalf("got %d objects, %v", len(objects), problems)
	}
	return objects[0]
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, generation: 1}
spec: {replicas: 1}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: %d, availableReplicas: %d,
  conditions: [{type: Available, status: "True"}]}
`

func TestApplyGoesThroughTheServer(t *testing.T) {
	s := kubetest.NewServer(t)
	c := cluster(s)
	o := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {a: b}}")
	if _, err := c.Apply(t.Context(), o, kube.ApplyOptions{Manager: "meshctl", DryRun: true}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Objects()); n != 0 {
		t.Errorf("a dry run stored %d objects", n)
	}
	applied, err := c.Apply(t.Context(), o, kube.ApplyOptions{Manager: "meshctl", Force: true})
	if err != nil || applied.Key != o.Key {
		t.Fatalf("got %v, %v", applied, err)
	}
	want := "PATCH /api/v1/namespaces/istio-system/configmaps/istio?fieldManager=meshctl&fieldValidation=Strict&force=true"
	if got := s.Requests()[1]; got != want {
		t.Errorf("got request %s\nwant %s", got, want)
	}
	if err := c.Delete(t.Context(), o.Key, kube.DeleteOptions{}); err != nil {
		t.Error(err)
	}
	if err := c.Delete(t.Context(), o.Key, kube.DeleteOptions{}); !kube.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func TestWaitEndsWhenEverythingIsReady(t *testing.T) {
	s := kubetest.NewServer(t)
	key := object(t, strings.ReplaceAll(deployment, "%d", "0")).Key
	ready := func(n string) { s.Apply(strings.ReplaceAll(deployment, "%d", n)) }
	var seen []string
	err := cluster(s).Wait(t.Context(), []resource.Key{key}, func(p kube.Progress) {
		seen = append(seen, p.Message)
		if p.Message == "does not exist yet" {
			ready("0")
		} else {
			ready("1")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"does not exist yet", "Available: 0/1", ""}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestWaitSaysWhatIsMissingAtItsDeadline(t *testing.T) {
	s := kubetest.NewServer(t, strings.ReplaceAll(deployment, "%d", "0"))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := cluster(s).Wait(ctx, []resource.Key{s.Objects()[0].Key}, nil)
	var missing kube.NotReadyError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "Deployment istio-system/istiod: Available: 0/1") {
		t.Errorf("got %v", err)
	}
}

func TestWaitGone(t *testing.T) {
	s := kubetest.NewServer(t, aPod)
	err := cluster(s).WaitGone(t.Context(), []resource.Key{s.Objects()[0].Key}, func(p kube.Progress) {
		if !p.Done {
			s.Delete("Pod", "shop", "web")
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTokensAndLogs(t *testing.T) {
	s := kubetest.NewServer(t, aPod)
	token, err := cluster(s).Token(t.Context(), "istio-system", "istiod", "istio-ca", time.Hour)
	if err != nil || token != "token-of-istiod" {
		t.Errorf("got %q, %v", token, err)
	}
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		io.WriteString(w, "asked for "+r.URL.RawQuery)
		return true
	})
	log, err := cluster(s).Logs(t.Context(), "shop", "web", kube.LogOptions{Container: "istio-proxy", Tail: 10, Since: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	text, _ := io.ReadAll(log)
	if got := string(text); got != "asked for container=istio-proxy&sinceSeconds=60&tailLines=10" {
		t.Errorf("got %s", got)
	}
}
