package install

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// Object is one rendered Kubernetes object.
type Object struct {
	Component  string // name of the component, as in label operator.istio.io/component
	APIVersion string
	Kind       string
	Namespace  string // "" for cluster-scoped objects
	Name       string

	content map[string]any // nil as long as nobody looked inside
	text    string         // the YAML, valid while content is nil
}

// Group is the API group, "" for the core group.
func (o *Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// ID names the object: "Kind namespace/name", or "Kind name".
func (o *Object) ID() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Content decodes the object. The caller must not change it.
func (o *Object) Content() (map[string]any, error) {
	if o.content != nil {
		return o.content, nil
	}
	content, err := decodeObject(o.text)
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", o.ID(), err)
	}
	return content, nil
}

// YAML encodes the object; keys are sorted, and the text ends with a newline.
func (o *Object) YAML() ([]byte, error) {
	if o.content == nil {
		return []byte(o.text), nil
	}
	data, err := yaml.Marshal(o.content)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", o.ID(), err)
	}
	return data, nil
}

// parseObjects reads the documents of a rendered template. Empty ones and
// those without a kind are left out.
func parseObjects(component, text string) ([]*Object, error) {
	var objects []*Object
	for _, document := range splitDocuments(text) {
		o, err := parseObject(document)
		if err != nil {
			return nil, err
		}
		if o != nil {
			o.Component = component
			objects = append(objects, o)
		}
	}
	return objects, nil
}

func parseObject(document string) (*Object, error) {
	head, _, lazy := splitCRD(document)
	if !lazy {
		head = document
	}
	content, err := decodeObject(head)
	if err != nil {
		return nil, fmt.Errorf("reading a rendered object: %w", err)
	}
	o := &Object{
		APIVersion: lookupString(content, "apiVersion"),
		Kind:       lookupString(content, "kind"),
		Namespace:  lookupString(content, "metadata", "namespace"),
		Name:       lookupString(content, "metadata", "name"),
	}
	if o.Kind == "" {
		return nil, nil
	}
	if lazy {
		o.text = document + "\n"
		return o, nil
	}
	o.content = content
	return o, nil
}

// decodeObject reads YAML with whole numbers as int64, as API machinery wants.
func decodeObject(text string) (map[string]any, error) {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, err
	}
	return content, nil
}

// splitDocuments cuts at lines that start with "---" and trims the pieces, which
// takes the last line break off a block text at the end of a document. The peer
// does so too, and a different text would show as a change in every plan.
func splitDocuments(text string) []string {
	var documents []string
	start := 0
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		next := len(text)
		if end >= 0 {
			next = at + end + 1
		}
		if strings.HasPrefix(text[at:], "---") {
			documents = append(documents, text[start:at])
			start = next
		}
		at = next
	}
	documents = append(documents, text[start:])
	kept := documents[:0]
	for _, d := range documents {
		if d = strings.TrimSpace(d); d != "" {
			kept = append(kept, d)
		}
	}
	return kept
}
