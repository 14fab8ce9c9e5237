package install

import (
	"context"
	"fmt"
)

// mostMinors is how many minor versions a control plane may be taken up in one
// step.
const mostMinors = 2

// CheckSkew compares the installed control plane of the same revision, and the
// proxies connected to it, with the release that is about to be installed.
func CheckSkew(ctx context.Context, cluster Lister, c *Config) ([]CheckResult, error) {
	revisions, err := ReadRevisions(ctx, cluster)
	if err == nil {
		err = revisions.ReadProxies(ctx, cluster)
	}
	if err != nil {
		return nil, err
	}
	installed, ok := revisions.Installed[c.Revision()]
	if !ok {
		return []CheckResult{{Category: "upgrade", Status: Fail,
			Message: fmt.Sprintf("there is no control plane of revision %s to upgrade; the cluster has: %s", c.Revision(), orNone(sortedKeys(revisions.Installed))),
			Hint:    "meshctl install brings the first one"}}, nil
	}
	next := lookupString(c.tree, "spec", "values", "global", "tag")
	results := []CheckResult{}
	if r := versionStep(installed.ID(), imageTag(containerImage(installed.content, "discovery")), next); r != nil {
		results = append(results, *r)
	}
	for _, p := range revisions.Proxies {
		if p.Revision != c.Revision() {
			continue
		}
		from, errFrom := ParseMinor(versionOnly(imageTag(p.Image)))
		to, errTo := ParseMinor(versionOnly(next))
		if errFrom == nil && errTo == nil && to-from > mostMinors {
			results = append(results, CheckResult{Category: "upgrade", Status: Fail,
				Resource: "Pod " + p.Namespace + "/" + p.Pod,
				Message:  fmt.Sprintf("its proxy is of version %s, too old for a control plane of %s", imageTag(p.Image), next),
				Hint:     "restart the workload with the present control plane first"})
		}
	}
	return results, nil
}

// versionStep judges the step from one version to another; versions that are no
// numbers are not judged.
func versionStep(id, from, to string) *CheckResult {
	a, errA := ParseMinor(versionOnly(from))
	b, errB := ParseMinor(versionOnly(to))
	result := &CheckResult{Category: "upgrade", Status: Fail, Resource: id}
	switch {
	case errA != nil || errB != nil:
		return nil
	case b < a:
		result.Message = fmt.Sprintf("this would go back from %s to %s", from, to)
		result.Hint = "configuration of the newer version may not work with the older one"
	case b-a > mostMinors:
		result.Message = fmt.Sprintf("from %s to %s is too far for one step", from, to)
		result.Hint = fmt.Sprintf("go through a version between, at most %d minor versions at a time", mostMinors)
	default:
		return nil
	}
	return result
}
