package inject

import (
	"strings"

	"istio.io/api/annotation"
)

// The image types that Istio publishes as suffixes of the tag; "default"
// stands for the tag without suffix.
const (
	imageDistroless = "distroless"
	imageDebug      = "debug"
	imageDefault    = "default"
)

// proxyImage is the proxy's image; kind is the image type of the proxy config
// or "".
func (v *Values) proxyImage(kind string, annotations map[string]string) string {
	return v.image(v.known.Global.Proxy.Image, kind, annotations)
}

// initImage is the image of the container that sets up redirection. The proxy
// config's image type does not count for it.
func (v *Values) initImage(annotations map[string]string) string {
	return v.image(v.known.Global.ProxyInit.Image, "", annotations)
}

func (v *Values) image(name, kind string, annotations map[string]string) string {
	if name == "" {
		name = "proxyv2"
	}
	if kind == "" {
		kind = v.known.Global.Variant
	}
	if asked, ok := annotations[annotation.SidecarProxyImageType.Name]; ok {
		kind = asked
	}
	return v.known.Global.Hub + "/" + name + ":" + tagOfType(string(v.known.Global.Tag), kind)
}

// tagOfType replaces the image type that a tag ends in.
func tagOfType(tag, kind string) string {
	if kind == "" {
		return tag
	}
	for _, known := range []string{imageDistroless, imageDebug} {
		if base, found := strings.CutSuffix(tag, "-"+known); found {
			tag = base
			break
		}
	}
	if kind == imageDefault {
		return tag
	}
	return tag + "-" + kind
}
