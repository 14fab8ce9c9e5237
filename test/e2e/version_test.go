package e2e

import (
	"strings"
	"testing"
)

// The default profile, installed from what "meshctl manifest generate" prints,
// runs, and meshctl sees its versions. (TestMain has waited for the rollouts.)
func TestVersionOfAMeshInstalledFromManifests(t *testing.T) {
	got := mustMeshctl(t, mesh.Kubeconfig, "version", "-o", "json")
	versions := decode[struct {
		Mesh []struct {
			Component, Pod string
			Info           struct{ Version string }
		} `json:"meshVersion"`
		Data []struct{ ID, IstioVersion string } `json:"dataPlaneVersion"`
	}](t, got)
	if len(versions.Mesh) != 1 || versions.Mesh[0].Component != "pilot" || versions.Mesh[0].Info.Version != "1.31.1" {
		t.Errorf("control plane: %+v, want one pilot of version 1.31.1", versions.Mesh)
	}
	gateways := 0
	for _, proxy := range versions.Data {
		if strings.HasPrefix(proxy.ID, "istio-ingressgateway-") && proxy.IstioVersion == "1.31.1" {
			gateways++
		}
	}
	if gateways != 1 {
		t.Errorf("data plane: %+v, want one ingress gateway of version 1.31.1", versions.Data)
	}
}
