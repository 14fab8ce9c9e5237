package install

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Image is one container image that a mesh needs.
type Image struct {
	Image      string   `json:"image"`
	Registry   string   `json:"registry"`
	Repository string   `json:"repository"`
	Tag        string   `json:"tag,omitempty"`
	Digest     string   `json:"digest,omitempty"`
	UsedBy     []string `json:"usedBy"`
}

// Images lists every image of a rendering, sorted: those of the workloads and
// those that the injector puts into other pods.
func Images(r *Rendering) ([]Image, error) {
	users := map[string][]string{}
	add := func(image, user string) {
		if image != "" && image != "auto" && !slices.Contains(users[image], user) {
			users[image] = append(users[image], user)
		}
	}
	agents := runsAgentgateway(r)
	for _, o := range r.Objects {
		if o.content == nil {
			continue // a CRD
		}
		for _, list := range []string{"initContainers", "containers"} {
			for _, c := range lookupMaps(o.content, "spec", "template", "spec", list) {
				add(lookupString(c, "image"), o.ID())
			}
		}
		if o.Kind == "ConfigMap" && strings.HasPrefix(o.Name, "istio-sidecar-injector") {
			injected, err := injectedImages(o, agents)
			if err != nil {
				return nil, err
			}
			for image, user := range injected {
				add(image, user)
			}
		}
	}
	images := []Image{}
	for _, image := range sortedKeys(users) {
		images = append(images, splitImage(image, users[image]))
	}
	return images, nil
}

// runsAgentgateway tells whether istiod makes gateways of the experimental kind
// that have an image of their own.
func runsAgentgateway(r *Rendering) bool {
	for _, o := range r.Objects {
		for _, c := range lookupMaps(o.content, "spec", "template", "spec", "containers") {
			for _, env := range lookupMaps(c, "env") {
				if env["name"] == "PILOT_ENABLE_AGENTGATEWAY" && env["value"] == "true" {
					return true
				}
			}
		}
	}
	return false
}

// injectedImages reads the images of the sidecar, and of an agentgateway if
// there may be one, from the injector's values.
func injectedImages(o *Object, agents bool) (map[string]string, error) {
	var values struct {
		Global struct {
			Hub       string `json:"hub"`
			Tag       any    `json:"tag"`
			Variant   string `json:"variant"`
			Proxy     struct{ Image string }
			ProxyInit struct{ Image string } `json:"proxy_init"`
			Agents    struct{ Image string } `json:"agentgateway"`
		} `json:"global"`
	}
	if err := json.Unmarshal([]byte(lookupString(o.content, "data", "values")), &values); err != nil {
		return nil, fmt.Errorf("reading the values in %s: %w", o.ID(), err)
	}
	g := values.Global
	full := func(name string) string {
		if name == "" || strings.Contains(name, "/") {
			return name
		}
		image := fmt.Sprintf("%s/%s:%v", g.Hub, name, g.Tag)
		if g.Variant != "" && g.Variant != "default" {
			image += "-" + g.Variant
		}
		return image
	}
	images := map[string]string{
		full(g.ProxyInit.Image): "injected pods (init container)",
		full(g.Proxy.Image):     "injected pods and gateways",
	}
	if agents {
		images[full(cmp.Or(g.Agents.Image, "agentgateway"))] = "gateways and waypoints of a class istio-agentgateway"
	}
	return images, nil
}

// splitImage takes an image reference apart. Without a registry it is Docker
// Hub's.
func splitImage(image string, users []string) Image {
	i := Image{Image: image, UsedBy: users}
	rest := image
	rest, i.Digest, _ = strings.Cut(rest, "@")
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, '/') {
		rest, i.Tag = rest[:colon], rest[colon+1:]
	}
	i.Registry, i.Repository = "docker.io", rest
	if first, after, ok := strings.Cut(rest, "/"); ok && (strings.ContainsAny(first, ".:") || first == "localhost") {
		i.Registry, i.Repository = first, after
	}
	return i
}
