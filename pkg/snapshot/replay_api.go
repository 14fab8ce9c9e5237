package snapshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshctl/meshctl/internal/resource"
)

// API answers as the API server did when the snapshot was taken: discovery,
// lists and single objects. So a command that reads a cluster reads a
// snapshot by the same code. Whatever would change something is refused.
func (a *Archive) API() http.Handler {
	return &api{archive: a, objects: map[string][]*resource.Object{}}
}

type api struct {
	archive *Archive

	mu      sync.Mutex
	objects map[string][]*resource.Object // by entry, once they were asked for
}

func (s *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.Trim(r.URL.Path, "/")
	switch {
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed, "a snapshot can only be read")
	case path == "version":
		answer(w, map[string]string{"gitVersion": s.archive.Index.Cluster.Version})
	case path == "api" || path == "apis":
		answer(w, s.discovery(path == "api"))
	default:
		s.resource(w, r, strings.Split(path, "/"))
	}
}

// resource answers /api/v1/... and /apis/GROUP/VERSION/...
func (s *api) resource(w http.ResponseWriter, r *http.Request, path []string) {
	var group, namespace, name string
	switch {
	case len(path) > 2 && path[0] == "api":
		path = path[2:]
	case len(path) > 3 && path[0] == "apis":
		group, path = path[1], path[3:]
	default:
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the snapshot holds no "+r.URL.Path)
		return
	}
	if path[0] == "namespaces" && len(path) > 2 {
		namespace, path = path[1], path[2:]
	}
	if len(path) == 3 && path[0] == "pods" && path[2] == "log" {
		s.log(w, r, namespace, path[1])
		return
	}
	kind, ok := s.kind(group, path[0])
	if !ok || len(path) > 2 {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the snapshot holds no "+strings.Join(path, "/"))
		return
	}
	objects, err := s.load(kind)
	if err != nil {
		refuse(w, http.StatusInternalServerError, metav1.StatusReasonInternalError, err.Error())
		return
	}
	if len(path) == 2 {
		name = path[1]
		for _, o := range objects {
			if o.Name == name && o.Namespace == namespace {
				answer(w, json.RawMessage(o.JSON))
				return
			}
		}
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("%s %q not found in the snapshot", kind.Resource, name))
		return
	}
	s.list(w, r, objects, namespace)
}

func (s *api) kind(group, resource string) (Kind, bool) {
	for _, k := range s.archive.Index.Kinds {
		if k.Group == group && k.Resource == resource {
			return k, true
		}
	}
	return Kind{}, false
}

// load reads a kind's objects once.
func (s *api) load(kind Kind) ([]*resource.Object, error) {
	path := ObjectsPath(kind)
	s.mu.Lock()
	defer s.mu.Unlock()
	if objects, ok := s.objects[path]; ok {
		return objects, nil
	}
	objects, err := s.archive.objects(path)
	if err == nil {
		s.objects[path] = objects
	}
	return objects, err
}

func (a *Archive) objects(path string) ([]*resource.Object, error) {
	in, err := a.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var objects []*resource.Object
	lines := bufio.NewReaderSize(in, 256<<10)
	for {
		line, err := readLine(lines)
		if len(bytes.TrimSpace(line)) > 0 {
			o, problem := resource.FromJSON(bytes.TrimSpace(line))
			if problem != nil {
				return nil, fmt.Errorf("reading %s: %w", path, problem)
			}
			if o.Kind == "" || o.Name == "" || strings.ContainsFunc(o.Namespace+o.Name, unicode.IsControl) {
				return nil, fmt.Errorf("reading %s: a line holds no object", path)
			}
			objects = append(objects, o)
		}
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
}

// readLine is ReadBytes('\n') for lines that hold an object.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxObject {
			return nil, fmt.Errorf("an object of more than %d MB", maxObject>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// list writes the objects that the request's selectors pick.
func (s *api) list(w http.ResponseWriter, r *http.Request, objects []*resource.Object, namespace string) {
	byLabel, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	byField, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	if err != nil {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	metadataOnly := strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadata")
	w.Header().Set("Content-Type", "application/json")
	// A client that went away needs no answer: errors of writing tell nobody anything.
	out := bufio.NewWriter(w)
	defer func() { _ = out.Flush() }()
	write := func(text string) { _, _ = out.WriteString(text) }
	write(`{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[`)
	first := true
	for _, o := range objects {
		if namespace != "" && o.Namespace != namespace || !byLabel.Matches(labels.Set(o.Labels)) || !byField.Matches(fieldsOf(o, byField)) {
			continue
		}
		if !first {
			write(",")
		}
		first = false
		if !metadataOnly {
			_, _ = out.Write(o.JSON)
			continue
		}
		var meta struct {
			Metadata json.RawMessage `json:"metadata"`
		}
		if json.Unmarshal(o.JSON, &meta) == nil { // it was read before
			fmt.Fprintf(out, `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":%s}`, meta.Metadata)
		}
	}
	write("]}")
}

// fieldsOf is the object's values of the fields that a selector asks for.
func fieldsOf(o *resource.Object, s fields.Selector) fields.Set {
	set := fields.Set{"metadata.name": o.Name, "metadata.namespace": o.Namespace}
	if s.Empty() {
		return set
	}
	content, err := o.Map()
	if err != nil {
		return set
	}
	for _, r := range s.Requirements() {
		var v any = content
		for _, name := range strings.Split(r.Field, ".") {
			m, _ := v.(map[string]any)
			v = m[name]
		}
		if text, ok := v.(string); ok {
			set[r.Field] = text
		}
	}
	return set
}

func (s *api) log(w http.ResponseWriter, r *http.Request, namespace, pod string) {
	q := r.URL.Query()
	in, err := s.archive.Open(LogPath(namespace, pod, q.Get("container"), q.Get("previous") == "true"))
	if err != nil {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the snapshot holds no such log")
		return
	}
	defer in.Close()
	_, _ = io.Copy(w, in)
}

// discovery is the aggregated form of what was served (apidiscovery.k8s.io/v2).
func (s *api) discovery(core bool) any {
	type entry = map[string]any
	groups := map[string]map[string][]entry{}
	for _, k := range s.archive.Index.Kinds {
		if (k.Group == "") != core {
			continue
		}
		scope := "Cluster"
		if k.Namespaced {
			scope = "Namespaced"
		}
		if groups[k.Group] == nil {
			groups[k.Group] = map[string][]entry{}
		}
		groups[k.Group][k.Version] = append(groups[k.Group][k.Version], entry{
			"resource": k.Resource, "responseKind": map[string]string{"kind": k.Kind}, "scope": scope,
			"shortNames": k.Names, "verbs": []string{"get", "list"},
		})
	}
	items := []entry{}
	for _, group := range sortedKeys(groups) {
		versions := []entry{}
		for _, version := range sortedKeys(groups[group]) {
			versions = append(versions, entry{"version": version, "resources": groups[group][version]})
		}
		items = append(items, entry{"metadata": map[string]string{"name": group}, "versions": versions})
	}
	return entry{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
}
