package snapshot

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Pod answers as a pod did on one of its ports when the snapshot was taken.
// Requests that change something are refused.
func (a *Archive) Pod(namespace, pod string, port int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "a snapshot can only be read", http.StatusMethodNotAllowed)
			return
		}
		for _, request := range alternatives(r.URL.RequestURI()) {
			path := AnswerPath(namespace, pod, port, request)
			if !a.Has(path) {
				continue
			}
			in, err := a.Open(path)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			defer in.Close()
			if _, err := io.Copy(w, in); err != nil {
				panic(http.ErrAbortHandler) // the reader must not take it for the whole
			}
			return
		}
		http.Error(w, fmt.Sprintf("the snapshot holds no answer of pod %s/%s to GET %s on port %d", namespace, pod, r.URL.RequestURI(), port), http.StatusNotFound)
	})
}

// alternatives are the requests whose answer serves for another one. A dump
// with endpoints serves whoever asks for one without, or for a part of it.
func alternatives(request string) []string {
	all := []string{request}
	if path, _, hasQuery := strings.Cut(request, "?"); hasQuery || path == "/config_dump" {
		if path == "/config_dump" {
			return append(all, "/config_dump?include_eds", "/config_dump")
		}
	}
	return all
}
