package install

import "strings"

// Detect gives the settings that a cluster needs because of who runs it, read
// from its version. GKE wants the CNI plugin in kube-system, in a folder of its
// own, and has quotas there already.
func Detect(serverVersion string) []Setting {
	if !strings.Contains(serverVersion, "-gke") {
		return nil
	}
	return []Setting{
		{Text: "components.cni.namespace=kube-system"},
		{Text: "values.global.platform=gke"},
		{Text: "values.cni.resourceQuotas.enabled=false"},
	}
}
