package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
)

// istiodMonitoring is istiod's port for /version and /debug, plain HTTP.
const istiodMonitoring = 15014

// istiodVersion is the version of one istiod.
type istiodVersion struct {
	Component string     `json:"Component"` // "pilot", as istioctl calls it
	Pod       string     `json:"Pod"`
	Revision  string     `json:"Revision"`
	Info      istiodInfo `json:"Info"`
}

// istiodInfo is what istiod's /version tells.
type istiodInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision,omitempty"`
	GoVersion string `json:"golang_version,omitempty"`
	Status    string `json:"status,omitempty"`
	Tag       string `json:"tag,omitempty"`
}

// proxyVersion is the version of a proxy that is connected to an istiod.
type proxyVersion struct {
	ID      string `json:"ID"`
	Type    string `json:"Type,omitempty"`
	Version string `json:"IstioVersion"`
}

// askMesh asks every istiod for its version and for its proxies'. An istiod
// that does not answer is named on stderr and counted by its image's tag.
func (e *env) askMesh(ctx context.Context, v *versions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	pods, err := cluster.Pods(ctx, e.global.istioNamespace, "app=istiod")
	if err != nil {
		return err
	}
	if len(pods) == 0 {
		fmt.Fprintf(e.err, "no istiod found in namespace %s; is it in another one (--istio-namespace)?\n", e.global.istioNamespace)
	}
	answers := make([]istiodAnswer, len(pods))
	var work errgroup.Group
	work.SetLimit(8)
	for i, pod := range pods {
		work.Go(func() error {
			answers[i] = askIstiod(ctx, cluster, pod)
			return nil
		})
	}
	_ = work.Wait() // failures are kept in the answers
	proxies := []proxyVersion{}
	for _, a := range answers {
		v.ControlPlane = append(v.ControlPlane, a.version)
		proxies = append(proxies, a.proxies...)
		if a.err != nil {
			fmt.Fprintf(e.err, "warning: %v\n", a.err)
		}
	}
	slices.SortFunc(proxies, func(a, b proxyVersion) int { return cmp.Compare(a.ID, b.ID) })
	// A proxy that has just changed its istiod may be known to both.
	proxies = slices.CompactFunc(proxies, func(a, b proxyVersion) bool { return a.ID == b.ID })
	v.DataPlane = &proxies
	return nil
}

type istiodAnswer struct {
	version istiodVersion
	proxies []proxyVersion
	err     error
}

func askIstiod(ctx context.Context, cluster *kube.Cluster, pod *corev1.Pod) istiodAnswer {
	a := istiodAnswer{version: istiodVersion{
		Component: "pilot",
		Pod:       pod.Name,
		Revision:  cmp.Or(pod.Labels["istio.io/rev"], "default"),
		Info:      istiodInfo{Version: imageTag(pod)},
	}}
	tunnel := cluster.Tunnel(pod.Namespace, pod.Name)
	defer tunnel.Close()
	answer, err := tunnel.Get(ctx, istiodMonitoring, "/version")
	if err == nil {
		a.version.Info = readIstiodVersion(string(answer))
		answer, err = tunnel.Get(ctx, istiodMonitoring, "/debug/syncz")
	}
	var synced []struct {
		Proxy   string `json:"proxy"`
		Type    string `json:"proxy_type"`
		Version string `json:"istio_version"`
	}
	if err == nil {
		err = json.Unmarshal(answer, &synced)
	}
	if err != nil {
		a.err = fmt.Errorf("asking istiod %s for versions: %w", pod.Name, err)
	}
	for _, p := range synced {
		a.proxies = append(a.proxies, proxyVersion{p.Proxy, p.Type, cmp.Or(p.Version, "unknown")})
	}
	return a
}

// readIstiodVersion takes apart the text VERSION-REVISION-STATUS, where the
// version may have hyphens of its own and the revision of a build from changed
// files ends in "-dirty".
func readIstiodVersion(text string) istiodInfo {
	parts := strings.Split(strings.TrimSpace(text), "-")
	n := len(parts)
	if n < 3 {
		return istiodInfo{Version: strings.TrimSpace(text)}
	}
	revision := 1
	if parts[n-2] == "dirty" && n > 3 {
		revision = 2
	}
	return istiodInfo{
		Version:  strings.Join(parts[:n-1-revision], "-"),
		Revision: strings.Join(parts[n-1-revision:n-1], "-"),
		Status:   parts[n-1],
	}
}

// imageTag is the tag of istiod's image, for an istiod that does not answer.
func imageTag(pod *corev1.Pod) string {
	for _, c := range pod.Spec.Containers {
		image, _, _ := strings.Cut(c.Image, "@")
		if i := strings.LastIndexByte(image, ':'); c.Name == "discovery" && i > strings.LastIndexByte(image, '/') {
			return image[i+1:]
		}
	}
	return "unknown"
}
