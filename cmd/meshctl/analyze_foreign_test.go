package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// foreign serves 50,000 ConfigMaps and as many Secrets of namespace apps, to
// whoever lists them, page by page, and counts what it sends.
type foreign struct{ sent atomic.Int64 }

func (f *foreign) serve(w http.ResponseWriter, r *http.Request) bool {
	const total = 50_000
	dir, resource := path.Split(r.URL.Path)
	inApps := dir == "/api/v1/" || strings.HasSuffix(dir, "/namespaces/apps/")
	if resource != "configmaps" && resource != "secrets" || !inApps || r.URL.Query().Get("labelSelector") != "" {
		return false
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	end := total
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 {
		end = min(start+limit, total)
	}
	token := ""
	if end < total {
		token = strconv.Itoa(end)
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"kind":"List","apiVersion":"v1","metadata":{"continue":%q},"items":[`, token)
	for i := start; i < end; i++ {
		if i > start {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, `{"metadata":{"name":"foreign-%d","namespace":"apps"},"data":{"a":%q}}`, i, strings.Repeat("x", 500))
	}
	fmt.Fprint(w, "]}")
	f.sent.Add(int64(end - start))
	return true
}

// Other people's ConfigMaps and Secrets are the bulk of many a cluster. They
// cost not one request, and nothing of them comes over the wire.
func TestAnalyzeOfAClusterWithManyForeignObjects(t *testing.T) {
	server := kubetest.NewServer(t, liveShop, liveMistakes)
	for _, args := range [][]string{{"-A"}, {"-n", "shop"}, {"-n", "apps"}, {"-A", "--remote-secrets"}} {
		args = append([]string{"analyze", "--kubeconfig", server.Kubeconfig(), "-o", "json"}, args...)
		server.Fault(nil)
		before := len(server.Requests())
		without := meshctl(testEnv(t, ""), args...)
		requests := len(server.Requests()) - before

		others := &foreign{}
		server.Fault(others.serve)
		before = len(server.Requests())
		with := meshctl(testEnv(t, ""), args...)
		if diff := cmp.Diff(without, with, cmp.AllowUnexported(outcome{})); diff != "" {
			t.Errorf("%v: foreign objects change the result:\n%s", args, diff)
		}
		if now := len(server.Requests()) - before; now != requests {
			t.Errorf("%v: %d requests without foreign objects, %d with them", args, requests, now)
		}
		if sent := others.sent.Load(); sent > 0 {
			t.Errorf("%v: %d foreign objects were sent", args, sent)
		}
	}
}

// The proof above is one only if the objects are there for those who ask.
func TestForeignObjectsAreServedToWhoListsThem(t *testing.T) {
	server := kubetest.NewServer(t)
	others := &foreign{}
	server.Fault(others.serve)
	for _, url := range []string{"/api/v1/secrets?limit=500", "/api/v1/namespaces/apps/configmaps?limit=500&continue=49900"} {
		response, err := http.Get(server.URL + url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !json.Valid(body) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if sent := others.sent.Load(); sent != 600 {
		t.Errorf("%d objects were sent", sent)
	}
}
