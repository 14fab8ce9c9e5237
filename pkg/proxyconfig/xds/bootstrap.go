package xds

import "fmt"

// Bootstrap is the part of config.bootstrap.v3.Bootstrap that names the proxy.
type Bootstrap struct {
	Node Node `json:"node"`
}

// Node is config.core.v3.Node with the metadata that Istio's agent writes.
type Node struct {
	ID       string   `json:"id"`
	Cluster  string   `json:"cluster"`
	Locality Locality `json:"locality"`
	Metadata struct {
		IstioVersion Text `json:"ISTIO_VERSION"`
		ProxySHA     Text `json:"ISTIO_PROXY_SHA"`
		Name         Text `json:"NAME"`
		Namespace    Text `json:"NAMESPACE"`
		Instances    Text `json:"INSTANCE_IPS"`
		Account      Text `json:"SERVICE_ACCOUNT"`
	} `json:"metadata"`
	Build struct {
		Version struct {
			Major Uint `json:"major_number"`
			Minor Uint `json:"minor_number"`
			Patch Uint `json:"patch"`
		} `json:"version"`
		Metadata struct {
			Label  Text `json:"build.label"`
			Status Text `json:"revision.status"`
			Type   Text `json:"build.type"`
			SSL    Text `json:"ssl.version"`
		} `json:"metadata"`
	} `json:"user_agent_build_version"`
}

// EnvoyVersion is the version with how it was built, such as
// 1.35.1/Clean/RELEASE/BoringSSL.
func (n Node) EnvoyVersion() string {
	v, m := n.Build.Version, n.Build.Metadata
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if m.Label != "" {
		text += "-" + string(m.Label)
	}
	for _, part := range []Text{m.Status, m.Type, m.SSL} {
		if part != "" {
			text += "/" + string(part)
		}
	}
	return text
}
