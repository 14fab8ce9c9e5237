package install

import (
	"fmt"
)

// sources are the parts of an input, in order of precedence, kept apart so
// that a problem can be traced to the line or flag that brought it in.
type sources struct {
	files    []*document // IstioOperator documents
	values   []*document // Helm values
	settings []appliedSetting
}

// appliedSetting is a setting after parsing. flag is how the user wrote it.
type appliedSetting struct {
	flag     string
	segments []segment
	value    any
}

func readSources(in Input) (*sources, error) {
	s := &sources{}
	for _, f := range in.Files {
		doc, err := decodeFile(f)
		if err != nil {
			return nil, &InputError{Err: err}
		}
		if kind := lookupString(doc.values, "kind"); kind == "" {
			return nil, &InputError{Err: fmt.Errorf(
				"reading %s: the document has no kind; expected kind: IstioOperator (for Helm values use --values)%s",
				f.Name, legacyValuesNote(doc.values))}
		}
		if kind := lookupString(doc.values, "kind"); kind != "IstioOperator" {
			hint := ""
			if kind == "List" {
				hint = "; to save one from a cluster, name it: kubectl get istiooperator NAME -o yaml"
			}
			return nil, &InputError{Err: fmt.Errorf("reading %s: the document is of kind %s, expected IstioOperator%s", f.Name, kind, hint)}
		}
		s.files = append(s.files, doc)
	}
	for _, f := range in.ValuesFiles {
		doc, err := decodeFile(f)
		if err != nil {
			return nil, &InputError{Err: err}
		}
		s.values = append(s.values, doc)
	}
	s.addFields(in)
	for _, setting := range in.Settings {
		segments, value, err := setting.parse()
		if err != nil {
			return nil, &InputError{Err: err}
		}
		s.settings = append(s.settings, appliedSetting{setting.flag(), segments, value})
	}
	if in.Revision != "default" {
		s.addField("--revision", in.Revision, "revision")
	}
	return s, nil
}

// addFields turns the single fields of the input into settings, before those
// that were typed. The revision comes last: as in istioctl its flag wins.
func (s *sources) addFields(in Input) {
	s.addField("--profile", in.Profile, "profile")
	s.addField("--hub", in.Hub, "hub")
	s.addField("--tag", in.Tag, "tag")
	s.addField("--platform", in.Platform, "values", "global", "platform")
	s.addField("--compatibility-version", in.CompatibilityVersion, "compatibilityVersion")
}

func (s *sources) addField(flag, value string, keys ...string) {
	if value == "" {
		return
	}
	segments := make([]segment, len(keys))
	for i, key := range keys {
		segments[i] = segment{key: key}
	}
	s.settings = append(s.settings, appliedSetting{flag + " " + value, segments, value})
}

// merge lays the sources over each other.
func (s *sources) merge() (Values, error) {
	tree := Values{
		"apiVersion": "install.istio.io/v1alpha1",
		"kind":       "IstioOperator",
		"metadata":   Values{},
		"spec":       Values{},
	}
	for _, doc := range s.files {
		values := clone(doc.values)
		dropEmptySections(values)
		mergeInto(tree, values)
	}
	for _, doc := range s.values {
		mergeInto(tree, Values{"spec": Values{"values": doc.values}})
	}
	var spec any = tree["spec"]
	if _, ok := spec.(map[string]any); !ok {
		return nil, &InputError{Err: fmt.Errorf("reading %s: spec is not a mapping", s.files[len(s.files)-1].name)}
	}
	for _, setting := range s.settings {
		var err error
		if spec, err = setPath(spec, setting.segments, setting.value); err != nil {
			return nil, &InputError{Err: fmt.Errorf("%s: %w", setting.flag, err)}
		}
	}
	return tree, nil
}

// dropEmptySections removes "spec:", "values:" and their like with nothing
// below: they change nothing. Deeper down a null is a value.
func dropEmptySections(document Values) {
	if document["spec"] == nil {
		delete(document, "spec")
	}
	spec := lookupMap(document, "spec")
	for _, section := range []string{"components", "meshConfig", "values"} {
		if value, ok := spec[section]; ok && value == nil {
			delete(spec, section)
		}
	}
}
