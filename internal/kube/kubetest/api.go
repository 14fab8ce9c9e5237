package kubetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshctl/meshctl/internal/resource"
)

// target is what a request's path names.
type target struct {
	group, version, namespace, plural, name, sub string
}

func parsePath(path string) (target, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var t target
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		t.version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		t.group, t.version, parts = parts[1], parts[2], parts[3:]
	default:
		return t, false
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		t.namespace, parts = parts[1], parts[2:]
	}
	for i, field := range []*string{&t.plural, &t.name, &t.sub} {
		if i < len(parts) {
			*field = parts[i]
		}
	}
	return t, true
}

// plural is the resource name of a kind, by the rules of English that CRDs follow.
func plural(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case strings.HasSuffix(kind, "endpoints"):
		return kind
	case strings.HasSuffix(kind, "y") && !strings.HasSuffix(kind, "ay"):
		return strings.TrimSuffix(kind, "y") + "ies"
	case strings.HasSuffix(kind, "s"), strings.HasSuffix(kind, "ch"):
		return kind + "es"
	}
	return kind + "s"
}

func (t target) matches(o *resource.Object) bool {
	return o.Group == t.group && plural(o.Kind) == t.plural &&
		(t.namespace == "" || o.Namespace == t.namespace) && (t.name == "" || o.Name == t.name)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api", "/apis":
		s.discovery(w, r.URL.Path == "/api")
		return
	case "/version":
		answer(w, 200, map[string]string{"major": "1", "minor": "36", "gitVersion": "v1.36.3"})
		return
	}
	t, ok := parsePath(r.URL.Path)
	switch {
	case !ok:
		Refuse(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	case t.plural == "pods" && t.sub == "portforward":
		s.portForward(w, r, t)
	case t.plural == "serviceaccounts" && t.sub == "token":
		answer(w, 201, map[string]any{"kind": "TokenRequest", "status": map[string]string{"token": "token-of-" + t.name}})
	case r.Method == http.MethodGet && t.name == "":
		s.list(w, r, t)
	case r.Method == http.MethodGet:
		s.get(w, t)
	case r.Method == http.MethodPatch:
		s.patch(w, r, t)
	case r.Method == http.MethodDelete:
		s.delete(w, t)
	default:
		Refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method+" is not simulated")
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, t target) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		Refuse(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	items := []json.RawMessage{}
	for _, o := range s.Objects() {
		if t.matches(o) && selector.Matches(labels.Set(o.Labels)) {
			items = append(items, o.JSON)
		}
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	meta := map[string]string{"resourceVersion": "1"}
	items = items[min(start, len(items)):]
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 && limit < len(items) {
		items = items[:limit]
		meta["continue"] = fmt.Sprint(start + limit)
	}
	kind := "List"
	if strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList") {
		kind = "PartialObjectMetadataList"
		for i, item := range items {
			var o map[string]any
			json.Unmarshal(item, &o)
			items[i], _ = json.Marshal(map[string]any{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]})
		}
	}
	answer(w, 200, map[string]any{"kind": kind, "apiVersion": "v1", "metadata": meta, "items": items})
}

func (s *Server) find(t target) *resource.Object {
	for _, o := range s.Objects() {
		if t.matches(o) {
			return o
		}
	}
	return nil
}

func (s *Server) get(w http.ResponseWriter, t target) {
	if o := s.find(t); o != nil {
		answer(w, 200, json.RawMessage(o.JSON))
		return
	}
	notFound(w, t)
}

func notFound(w http.ResponseWriter, t target) {
	Refuse(w, http.StatusNotFound, "NotFound", fmt.Sprintf("%s %q not found", t.plural, t.name))
}

// patch stores what is applied, as the last applier's word; a dry run only echoes it.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, t target) {
	body, _ := io.ReadAll(r.Body)
	objects, problems := resource.Parse("body", body)
	if len(problems) > 0 || len(objects) != 1 {
		Refuse(w, http.StatusBadRequest, "BadRequest", fmt.Sprint(problems))
		return
	}
	if r.URL.Query().Get("dryRun") == "" {
		s.mu.Lock()
		s.put(objects[0])
		s.mu.Unlock()
	}
	answer(w, 200, json.RawMessage(objects[0].JSON))
}

func (s *Server) delete(w http.ResponseWriter, t target) {
	s.mu.Lock()
	o := s.remove(t.matches)
	s.mu.Unlock()
	if o == nil {
		notFound(w, t)
		return
	}
	answer(w, 200, map[string]string{"kind": "Status", "apiVersion": "v1", "status": "Success"})
}

// builtin are kinds that every API server serves: group, version, kind.
func builtin() (namespaced, clusterWide [][3]string) {
	namespaced = [][3]string{
		{"", "v1", "Pod"}, {"", "v1", "Service"}, {"", "v1", "ConfigMap"}, {"", "v1", "Secret"}, {"", "v1", "ServiceAccount"},
		{"", "v1", "Endpoints"}, {"", "v1", "Event"}, {"apps", "v1", "Deployment"}, {"apps", "v1", "ReplicaSet"},
		{"apps", "v1", "StatefulSet"}, {"apps", "v1", "DaemonSet"}, {"batch", "v1", "Job"}, {"discovery.k8s.io", "v1", "EndpointSlice"},
	}
	clusterWide = [][3]string{
		{"", "v1", "Namespace"}, {"", "v1", "Node"},
		{"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration"},
		{"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration"},
		{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
	}
	return namespaced, clusterWide
}

// discovery serves the built-in kinds and those of the objects that the server holds.
func (s *Server) discovery(w http.ResponseWriter, core bool) {
	type entry struct {
		Resource     string            `json:"resource"`
		ResponseKind map[string]string `json:"responseKind"`
		Scope        string            `json:"scope"`
		Singular     string            `json:"singularResource"`
		Verbs        []string          `json:"verbs"`
	}
	type group struct{ name, version string }
	served := map[group][]entry{}
	add := func(g group, kind, scope string) {
		known := slices.ContainsFunc(served[g], func(e entry) bool { return e.ResponseKind["kind"] == kind })
		if !known && (g.name == "") == core {
			served[g] = append(served[g], entry{plural(kind), map[string]string{"kind": kind}, scope, strings.ToLower(kind), []string{"get", "list", "patch", "delete"}})
		}
	}
	namespaced, clusterWide := builtin()
	for _, k := range namespaced {
		add(group{k[0], k[1]}, k[2], "Namespaced")
	}
	for _, k := range clusterWide {
		add(group{k[0], k[1]}, k[2], "Cluster")
	}
	for _, o := range s.Objects() {
		scope := "Namespaced"
		if o.Namespace == "" {
			scope = "Cluster"
		}
		add(group{o.Group, o.Version}, o.Kind, scope)
	}
	items := []any{}
	for g, entries := range served {
		items = append(items, map[string]any{
			"metadata": map[string]string{"name": g.name},
			"versions": []any{map[string]any{"version": g.version, "resources": entries}},
		})
	}
	answer(w, 200, map[string]any{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}

// Refuse answers with a Status, as an API server does; for use in a Fault.
func Refuse(w http.ResponseWriter, code int, reason, message string) {
	answer(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: metav1.StatusReason(reason), Message: message,
	})
}
