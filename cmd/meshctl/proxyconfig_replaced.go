package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// replacement is a pod that took the place of another, of which a dump is kept. The two are
// compared without what each has of itself, as replicas are.
type replacement struct {
	kept int // the side that is the dump of the old pod
	old  string
	pod  *corev1.Pod
}

// findReplaced looks for a side `last:POD` of which no dump is kept, because the pod is newer,
// and puts the pod in its place whose dump is: the latest of the same workload.
func (e *env) findReplaced(ctx context.Context, sides *[2]string) (*replacement, error) {
	for i, side := range sides {
		proxy, ok := strings.CutPrefix(side, lastSide+":")
		if !ok {
			continue
		}
		dir, err := e.keptDir()
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(filepath.Join(dir, fileName(proxy)+keptEnding)); err == nil {
			continue
		}
		pods, err := e.proxyPods(ctx, []string{proxy}, "", false, false)
		if err != nil {
			continue // it is gone, and no dump of it is kept: this is told when it is read
		}
		if old := keptOfWorkload(dir, pods[0]); old != "" {
			sides[i] = lastSide + ":" + old
			fmt.Fprintf(e.err, "note: no dump of %s is kept; %s was a pod of the same workload, and is compared without its own name and address\n", proxy, old)
			return &replacement{i, old, pods[0]}, nil
		}
	}
	return nil, nil
}

// keptOfWorkload finds the latest kept dump of another pod of a pod's workload, "" if there is
// none. Pods of a Deployment or DaemonSet are told by their names; those of a StatefulSet keep
// theirs.
func keptOfWorkload(dir string, pod *corev1.Pod) string {
	if len(pod.OwnerReferences) == 0 {
		return ""
	}
	const letters = `[a-z0-9]+`
	pattern := regexp.QuoteMeta(workloadOf(pod)) + "-" + letters
	if pod.OwnerReferences[0].Kind == "ReplicaSet" {
		pattern += "-" + letters
	}
	name := regexp.MustCompile("^" + pattern + regexp.QuoteMeta("."+pod.Namespace+keptEnding) + "$")
	files, _ := os.ReadDir(dir) // none is what there is to tell if it cannot be read
	var latest os.FileInfo
	for _, f := range files {
		if info, err := f.Info(); err == nil && name.MatchString(f.Name()) && (latest == nil || info.ModTime().After(latest.ModTime())) {
			latest = info
		}
	}
	if latest == nil {
		return ""
	}
	return strings.TrimSuffix(latest.Name(), keptEnding)
}

// anonymous takes out of both dumps what the pods have of themselves.
func (r *replacement) anonymous(sides []*dump.Dump) {
	old, _, _ := strings.Cut(r.old, ".")
	was := &corev1.Pod{}
	was.Name = old
	for _, b := range sides[r.kept].List(dump.Bootstrap) {
		var boot xds.Bootstrap
		if xds.Decode(b.Body, &boot) != nil {
			continue
		}
		if parts := strings.Split(boot.Node.ID, "~"); len(parts) > 1 { // sidecar~10.0.0.1~POD.NAMESPACE~DOMAIN
			was.Status.PodIP = parts[1]
		}
	}
	sides[r.kept].Replace(ownNames(was))
	sides[1-r.kept].Replace(ownNames(r.pod))
}

// ownNames are what a pod's configuration has of the pod itself.
func ownNames(pod *corev1.Pod) func([]byte) []byte {
	return func(body []byte) []byte {
		body = bytes.ReplaceAll(body, []byte(pod.Name), []byte("POD"))
		if pod.Status.PodIP != "" {
			body = bytes.ReplaceAll(body, []byte(pod.Status.PodIP), []byte("POD_IP"))
		}
		return body
	}
}
