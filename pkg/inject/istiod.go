package inject

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// nativeSince is the minor version of Kubernetes from which on istiod takes
// native sidecars for settled.
const nativeSince = 33

// IstiodSettings are the parts of injection that istiod takes from its own
// environment.
type IstiodSettings struct {
	// NativeSidecars is the variable ENABLE_NATIVE_SIDECARS: "true", "false",
	// or "auto", which goes by the versions of the nodes.
	NativeSidecars   string
	CompliancePolicy string
}

// SettingsOf reads them from istiod's pod template or pod.
func SettingsOf(istiod corev1.PodSpec) IstiodSettings {
	s := IstiodSettings{NativeSidecars: "auto"}
	for _, c := range istiod.Containers {
		if value, ok := envValue(&c, "ENABLE_NATIVE_SIDECARS"); ok && value != "" {
			s.NativeSidecars = value
		}
		if value, ok := envValue(&c, "COMPLIANCE_POLICY"); ok {
			s.CompliancePolicy = value
		}
	}
	return s
}

// Native says whether istiod injects native sidecars, given the nodes' kubelet
// versions ("v1.33.2"). Without nodes it does, as there is none that could not.
func (s IstiodSettings) Native(kubelets []string) bool {
	if s.NativeSidecars != "auto" {
		return s.NativeSidecars == "true"
	}
	for _, version := range kubelets {
		parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
		if len(parts) < 2 {
			return false
		}
		minor, err := strconv.Atoi(strings.TrimRight(parts[1], "+"))
		if err != nil || minor < nativeSince {
			return false
		}
	}
	return true
}
