package install

import (
	"context"
	"fmt"
	"strings"
)

// checkProxies compares the proxies' versions with their control plane's.
func checkProxies(_ context.Context, r *checkRun) ([]CheckResult, error) {
	if r.unread != nil {
		return nil, r.unread
	}
	revisionOfTag := map[string]string{}
	for _, tag := range r.revisions.Tags {
		revisionOfTag[tag.Tag] = tag.Revision
	}
	var found []CheckResult
	for _, p := range r.revisions.Proxies {
		revision := p.Revision
		if target, isTag := revisionOfTag[revision]; isTag {
			revision = target
		}
		istiod, installed := r.revisions.Installed[revision]
		if !installed {
			if len(r.revisions.Installed) > 0 && r.revisions.Webhooks[revision] == nil {
				found = append(found, CheckResult{Status: Fail, Resource: "Pod " + p.Namespace + "/" + p.Pod,
					Message: fmt.Sprintf("its proxy belongs to revision %s, which does not exist", revision),
					Hint:    "label its namespace with another revision and restart the workload"})
			}
			continue
		}
		if result := proxySkew(p, istiod); result != nil {
			found = append(found, *result)
		}
	}
	if found == nil {
		return ok("%d proxies fit their control plane", len(r.revisions.Proxies)), nil
	}
	return found, nil
}

// proxySkew compares versions: a proxy may be two minor versions older than its
// control plane, and never newer.
func proxySkew(p Proxy, istiod *Object) *CheckResult {
	proxy := imageTag(p.Image)
	control := imageTag(containerImage(istiod.content, "discovery"))
	if proxy == control || proxy == "" || control == "" {
		return nil
	}
	result := &CheckResult{Status: Warn, Resource: "Pod " + p.Namespace + "/" + p.Pod,
		Message: fmt.Sprintf("its proxy is of version %s, its control plane of %s", proxy, control),
		Hint:    "restart the workload: kubectl rollout restart -n " + p.Namespace + " deployment/NAME"}
	a, errA := ParseMinor(versionOnly(proxy))
	b, errB := ParseMinor(versionOnly(control))
	if errA == nil && errB == nil && (b-a > 2 || a > b) {
		result.Status = Fail
		result.Message += ", which is not supported"
	}
	return result
}

func containerImage(workload map[string]any, name string) string {
	for _, m := range lookupMaps(workload, "spec", "template", "spec", "containers") {
		if m["name"] == name {
			return lookupString(m, "image")
		}
	}
	return ""
}

func imageTag(image string) string { return splitImage(image, nil).Tag }

// versionOnly takes the variant off a tag: 1.31.1-distroless.
func versionOnly(tag string) string {
	version, _, _ := strings.Cut(tag, "-")
	return version
}
