package inject

import "regexp"

// Containers that the templates add under well-known names.
const (
	ProxyContainer      = "istio-proxy"
	initContainer       = "istio-init"       // sets up redirection
	validationContainer = "istio-validation" // checks that the CNI plugin has set it up
	coreDumpContainer   = "enable-core-dump" // of templates before 1.24
)

// The annotation in which Multus finds a pod's networks, and the network that
// injection adds.
const (
	networksAnnotation = "k8s.v1.cni.cncf.io/networks"
	cniNetwork         = "default/istio-cni"
)

// An annotation and a label that are not in istio.io/api.
const (
	securePortAnnotation = "prometheus.istio.io/secure-port"
	tunnelLabel          = "networking.istio.io/tunnel"
)

// autoImage is what users write as image of an own istio-proxy container,
// because the field must not be empty: the configured image is meant.
const autoImage = "auto"

// defaultRevision is the name under which the empty revision is written.
const defaultRevision = "default"

// ignoredNamespaces are Kubernetes' own: their pods are never injected.
// (kube-node-lease holds no pods, local-path-storage is kind's provisioner.)
func ignoredNamespace(name string) bool {
	switch name {
	case "kube-system", "kube-public", "kube-node-lease", "local-path-storage":
		return true
	}
	return false
}

func revisionName(revision string) string {
	if revision == "" {
		return defaultRevision
	}
	return revision
}

// interfaceName is the form of names that the injector accepts.
var interfaceName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.-]*$`)
