package install

import "fmt"

// ProfileSummary is a profile in one line.
type ProfileSummary struct {
	Name       string   `json:"name"`
	Components []string `json:"components"`
}

// ListProfiles tells for each profile what it installs, sorted by name.
func ListProfiles(charts Charts) ([]ProfileSummary, error) {
	names, err := Profiles(charts.profiles())
	if err != nil {
		return nil, err
	}
	profiles := []ProfileSummary{}
	for _, name := range names {
		config, err := Resolve(Input{Charts: charts, Profile: name})
		if err != nil {
			return nil, fmt.Errorf("reading profile %s: %w", name, err)
		}
		summary := ProfileSummary{Name: name, Components: []string{}}
		for _, c := range components() {
			instances, err := c.instances(config.tree)
			if err != nil {
				return nil, err
			}
			for _, i := range instances {
				summary.Components = append(summary.Components, i.label())
			}
		}
		profiles = append(profiles, summary)
	}
	return profiles, nil
}

// At gives the part of the merged document at a path below spec; "" is the
// whole document.
func (c *Config) At(path string) (any, error) {
	if path == "" {
		return c.Tree(), nil
	}
	segments, err := parsePath(path)
	if err != nil {
		return nil, &InputError{Err: err}
	}
	var node any = c.Tree()["spec"]
	for _, step := range segments {
		found := false
		switch n := node.(type) {
		case map[string]any:
			node, found = n[step.key]
		case []any:
			index := step.index
			if step.selector != "" || step.leaf {
				index = findElement(n, step)
			}
			if found = step.list && index >= 0 && index < len(n); found {
				node = n[index]
			}
		}
		if !found {
			return nil, &InputError{Err: fmt.Errorf("nothing is set at %q (there is no %s)", path, step)}
		}
	}
	return node, nil
}

// CompareTrees lists the fields in which two merged documents differ.
func CompareTrees(from, to Values) []FieldChange {
	return append([]FieldChange{}, compareValues(nil, "", from, to)...)
}
