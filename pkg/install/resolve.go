package install

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"sigs.k8s.io/yaml"
)

// Resolve merges an input into one configuration and validates it. Problems
// of the input come back as *InputError, all of them at once.
func Resolve(in Input) (*Config, error) {
	sources, err := readSources(in)
	if err != nil {
		return nil, err
	}
	user, err := sources.merge()
	if err != nil {
		return nil, err
	}
	charts, err := in.charts(user)
	if err != nil {
		return nil, sources.explain(err)
	}
	base, err := loadProfile(charts.profiles(), lookupString(user, "spec", "profile"))
	if err != nil {
		return nil, sources.explain(err)
	}
	release := in.Release
	if release == (Release{}) {
		release = DefaultRelease()
	}
	put(base, release.Hub, "spec", "hub")
	put(base, release.Tag, "spec", "tag")
	for _, setting := range in.Detected {
		segments, value, err := setting.parse()
		if err == nil {
			_, err = setPath(base["spec"], segments, value)
		}
		if err != nil {
			return nil, fmt.Errorf("setting what the cluster needs: %w", err)
		}
	}
	mergeInto(base, user)
	problems, warnings := validate(base, user, charts)

	complete(base)
	if values := lookupMap(user, "spec", "values"); values != nil {
		// What the user wrote wins over what complete() derived.
		mergeInto(base, Values{"spec": Values{"values": values}})
	}

	config := &Config{tree: base, asked: user, charts: charts, kubeVersion: in.KubeVersion}
	config.Warnings = warnings
	if len(problems) > 0 {
		failed := sources.explain(&InputError{Problems: problems})
		if !in.Force {
			return nil, failed
		}
		config.Warnings = append(config.Warnings, "going on because of --force: "+failed.Error())
	}
	if extra := lookupMap(base, "spec", "unvalidatedValues"); extra != nil {
		mergeInto(base, Values{"spec": Values{"values": extra}})
	}
	return config, nil
}

// charts gives the charts to use: those of the caller, else the folder or
// archive that the document names.
func (in Input) charts(user Values) (Charts, error) {
	location := lookupString(user, "spec", "installPackagePath")
	if in.Charts.chosen || location == "" {
		return in.Charts, nil
	}
	if strings.Contains(location, "://") {
		return Charts{}, &InputError{Problems: []Problem{{
			Path: "spec.installPackagePath", Message: "it names something on the network",
			Hint: "give it by --manifests, so that a file alone never makes this program fetch anything",
		}}}
	}
	charts, err := ChartSource{}.open(context.Background(), location) // reads files only
	if err != nil {
		return charts, &InputError{Problems: []Problem{{Path: "spec.installPackagePath", Message: err.Error()}}}
	}
	return charts, nil
}

// complete derives Helm values from the fields of the operator document that
// charts know under another name.
func complete(tree Values) {
	for _, field := range []struct {
		from string
		to   []string
	}{
		{"hub", []string{"global", "hub"}},
		{"tag", []string{"global", "tag"}},
		{"revision", []string{"revision"}},
		{"compatibilityVersion", []string{"compatibilityVersion"}},
	} {
		if value, ok := lookup(tree, "spec", field.from); ok && value != nil {
			putValue(tree, fmt.Sprint(value), field.to...)
		}
	}
	if mesh := lookupMap(tree, "spec", "meshConfig"); mesh != nil {
		mergeInto(tree, Values{"spec": Values{"values": Values{"meshConfig": mesh}}})
	}
	// Charts look at these to know of each other.
	putValue(tree, lookupBool(tree, "spec", "components", "pilot", "enabled"), "pilot", "enabled")
	putValue(tree, lookupBool(tree, "spec", "components", "cni", "enabled"), "pilot", "cni", "enabled")
	if ns := lookupString(tree, "spec", "values", "global", "istioNamespace"); ns != "" {
		put(tree, ns, "metadata", "namespace")
	}
}

// putValue sets a Helm value.
func putValue(tree Values, value any, keys ...string) {
	put(tree, value, append([]string{"spec", "values"}, keys...)...)
}

// ToYAML encodes a tree with sorted keys.
func ToYAML(v Values) ([]byte, error) {
	data, err := yaml.Marshal(maps.Clone(v))
	if err != nil {
		return nil, fmt.Errorf("encoding as YAML: %w", err)
	}
	return data, nil
}
