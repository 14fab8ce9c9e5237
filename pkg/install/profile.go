package install

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"
)

// defaultProfile is the profile that every other one is laid over.
const defaultProfile = "default"

// Profiles lists the names of the profiles in a charts file system, sorted.
func Profiles(charts fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(charts, "profiles")
	if err != nil {
		return nil, fmt.Errorf("listing profiles: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// loadProfile reads a profile laid over the default one.
func loadProfile(charts fs.FS, name string) (Values, error) {
	base, err := readProfile(charts, defaultProfile)
	if err != nil {
		return nil, err
	}
	if name == "" || name == defaultProfile {
		return base, nil
	}
	top, err := readProfile(charts, name)
	if err != nil {
		return nil, err
	}
	mergeInto(base, top)
	return base, nil
}

func readProfile(charts fs.FS, name string) (Values, error) {
	data, err := fs.ReadFile(charts, path.Join("profiles", name+".yaml"))
	if err != nil {
		return nil, unknownProfile(charts, name, err)
	}
	values := Values{}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("reading profile %q: %s", name, plainYAMLError(err))
	}
	return values, nil
}

func unknownProfile(charts fs.FS, name string, cause error) error {
	names, err := Profiles(charts)
	if err != nil {
		return errors.Join(fmt.Errorf("reading profile %q: %w", name, cause), err)
	}
	return &InputError{Problems: []Problem{{
		Path:    "spec.profile",
		Message: fmt.Sprintf("there is no profile %q", name),
		Hint:    "profiles are " + strings.Join(names, ", "),
	}}}
}
