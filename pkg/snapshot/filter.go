package snapshot

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Filter picks pods and containers.
type Filter struct {
	include, exclude []pattern
}

// Pod is what a Filter looks at.
type Pod struct {
	Namespace, Deployment, Name string
	Labels, Annotations         map[string]string
}

// pattern is NAMESPACES/DEPLOYMENTS/PODS/LABELS/ANNOTATIONS/CONTAINERS. Parts
// that are given must all fit; of the words in a part one must.
type pattern [6][]string

// NewFilter reads filters in the form that istioctl's bug-report takes.
func NewFilter(include, exclude []string) (Filter, error) {
	var f Filter
	for _, text := range include {
		p, err := parsePattern(text)
		if err != nil {
			return f, fmt.Errorf("--include %q: %w", text, err)
		}
		f.include = append(f.include, p)
	}
	for _, text := range exclude {
		p, err := parsePattern(text)
		if err != nil {
			return f, fmt.Errorf("--exclude %q: %w", text, err)
		}
		f.exclude = append(f.exclude, p)
	}
	return f, nil
}

func parsePattern(text string) (pattern, error) {
	var p pattern
	parts := splitPattern(text)
	if len(parts) > len(p) {
		return p, fmt.Errorf("expected no more than NAMESPACES/DEPLOYMENTS/PODS/LABELS/ANNOTATIONS/CONTAINERS")
	}
	for i, part := range parts {
		for _, word := range strings.Split(part, ",") {
			pair := i == 3 || i == 4
			if word == "" || word == "*" && pair {
				continue // both fit anything
			}
			if _, err := path.Match(word, ""); err != nil {
				return p, fmt.Errorf("%q is no pattern: %w", word, err)
			}
			if pair && !strings.Contains(word, "=") {
				return p, fmt.Errorf("%q: expected KEY=VALUE", word)
			}
			p[i] = append(p[i], word)
		}
	}
	return p, nil
}

// splitPattern cuts a pattern at its slashes, except for those in the keys of
// labels and annotations, such as app.kubernetes.io/name=web.
func splitPattern(text string) []string {
	var parts []string
	for _, part := range strings.Split(text, "/") {
		if last := len(parts) - 1; last == 3 || last == 4 {
			words := strings.Split(parts[last], ",")
			if word := words[len(words)-1]; word != "" && word != "*" && !strings.Contains(word, "=") {
				parts[last] += "/" + part
				continue
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// Picks reports whether a container of a pod is collected; container "" asks
// for the pod itself. What is both included and excluded is left out.
func (f Filter) Picks(pod Pod, container string) bool {
	fits := func(p pattern) bool { return p.fits(pod, container) }
	if slices.ContainsFunc(f.exclude, func(p pattern) bool { return (len(p[5]) == 0 || container != "") && fits(p) }) {
		return false
	}
	return len(f.include) == 0 || slices.ContainsFunc(f.include, fits)
}

func (p pattern) fits(pod Pod, container string) bool {
	return matches(p[0], pod.Namespace) && matches(p[1], pod.Deployment) && matches(p[2], pod.Name) &&
		matchesPairs(p[3], pod.Labels) && matchesPairs(p[4], pod.Annotations) &&
		(container == "" || matches(p[5], container))
}

func matches(patterns []string, text string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, text) // checked when it was read
		return ok
	})
}

// matchesPairs: all patterns must fit.
func matchesPairs(patterns []string, pairs map[string]string) bool {
	return !slices.ContainsFunc(patterns, func(p string) bool {
		key, value, _ := strings.Cut(p, "=")
		for k, v := range pairs {
			if matches([]string{key}, k) && matches([]string{value}, v) {
				return false
			}
		}
		return true
	})
}
