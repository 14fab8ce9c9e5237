package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// archiveSide takes ARCHIVE:POD apart. A name with a colon is one if the part before it
// is a file.
func archiveSide(name string) (archive, pod string, ok bool) {
	at := strings.LastIndexByte(name, ':')
	if at < 0 || strings.HasPrefix(name, istiodSide) || strings.HasPrefix(name, lastSide+":") {
		return "", "", false
	}
	archive, pod = name[:at], name[at+1:]
	info, err := os.Stat(archive)
	if err == nil && info.Mode().IsRegular() {
		return archive, pod, true
	}
	return archive, pod, looksLikeArchive(archive)
}

// looksLikeArchive tells a mistyped archive from anything else.
func looksLikeArchive(name string) bool {
	return strings.HasSuffix(name, ".tar.zst") || strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".tar.gz")
}

// archivedTarget is a proxy as it was when a snapshot was taken.
func (e *env) archivedTarget(ctx context.Context, name, pod string) (proxyTarget, error) {
	archive, err := snapshot.Open(name)
	if err != nil {
		return proxyTarget{}, usageError{err}
	}
	at := archive.Index.Cluster
	namespace := e.global.kube.Namespace
	if namespace == "" {
		namespace = at.Namespace
	}
	if namespace == "" {
		namespace = "default"
	}
	cluster := kube.NewReplay(kube.Replay{Context: at.Context, Server: at.Server, Namespace: namespace, API: archive.API(), Pod: archive.Pod})
	pods, err := cluster.ResolvePods(ctx, namespace, pod)
	if err != nil {
		return proxyTarget{}, fmt.Errorf("looking into %s: %w", name, err)
	}
	if !hasProxy(pods[0]) {
		return proxyTarget{}, fmt.Errorf("looking into %s: pod %s/%s has no proxy", name, pods[0].Namespace, pods[0].Name)
	}
	return proxyTarget{name: name + ":" + pods[0].Name + "." + pods[0].Namespace, open: onPod(cluster, pods[0], e.adminPort())}, nil
}
