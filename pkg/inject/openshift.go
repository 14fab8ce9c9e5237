package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The annotations in which OpenShift writes the IDs a namespace's pods may
// use, as "first/count" or "first-last".
const (
	uidRangeAnnotation = "openshift.io/sa.scc.uid-range"
	groupsAnnotation   = "openshift.io/sa.scc.supplemental-groups"
)

const defaultProxyID = 1337

// proxyIDs are the user and group that a proxy runs as: the last of those the
// namespace has, else Istio's own.
func proxyIDs(namespace map[string]string) (uid, gid int64) {
	uid, gid = defaultProxyID, defaultProxyID
	if last, ok := lastID(namespace[uidRangeAnnotation]); ok {
		uid = last
	}
	groups := namespace[groupsAnnotation]
	if groups == "" {
		groups = namespace[uidRangeAnnotation]
	}
	first, _, _ := strings.Cut(groups, ",")
	if last, ok := lastID(first); ok {
		gid = last
	}
	return uid, gid
}

func lastID(block string) (int64, bool) {
	var first, second uint32
	if n, _ := fmt.Sscanf(block, "%d/%d", &first, &second); n == 2 {
		return int64(first) + int64(second) - 1, true
	}
	if n, _ := fmt.Sscanf(block, "%d-%d", &first, &second); n == 2 {
		return int64(second), true
	}
	return 0, false
}

// withoutAssignedUser is a pod whose own proxy container has no user if that
// is the application's: OpenShift has then given all containers the same one,
// and a proxy with the application's user would be spared its own redirection.
func withoutAssignedUser(pod *corev1.Pod) *corev1.Pod {
	proxy := findProxy(pod)
	if proxy == nil || proxy.SecurityContext == nil {
		return pod
	}
	var proxyUser, appUser int64
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		switch {
		case c.SecurityContext == nil || c.SecurityContext.RunAsUser == nil:
		case c.Name == ProxyContainer:
			proxyUser = *c.SecurityContext.RunAsUser
		case c.Name != validationContainer && c.Name != initContainer:
			appUser = *c.SecurityContext.RunAsUser
		}
	}
	if proxyUser != appUser {
		return pod
	}
	pod = pod.DeepCopy()
	security := findProxy(pod).SecurityContext
	security.RunAsUser, security.RunAsGroup = nil, nil
	return pod
}
