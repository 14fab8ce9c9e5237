// Package tools builds the programs that the lab runs: etcd, the Kubernetes
// control plane, kwok, istiod and Prometheus. Each tool is a Go module of its own in the
// folder with its name, so that its dependencies stay apart from meshctl's.
//
// A build is kept in the user's cache folder under a stamp made of everything
// that decides the result (module files, flags, Go version, platform). A fresh
// clone on a machine that has built the tools before builds nothing.
package tools

// tool is one Go module under test/lab/tools and what is built from it.
type tool struct {
	name     string            // folder of the module
	binaries map[string]string // name of the binary → package that it is built from
	ldflags  string            // flags for the linker, after -s -w
	tags     string            // build tags
	assets   *assets           // files of a module that the lab reads at run time
}

// assets names files that a module ships and that the lab needs beside the
// binary.
type assets struct {
	module  string   // path of the Go module
	folders []string // folders of the module whose *.yaml are taken, in this order
}

// all lists the tools in the order in which they are built: the quick ones
// first, so that a broken setup shows early.
func all() []tool {
	const kubeVersion = "k8s.io/component-base/version"
	return []tool{
		{
			name:     "etcd",
			binaries: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"},
		},
		{
			name:     "kwok",
			binaries: map[string]string{"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
			assets: &assets{module: "sigs.k8s.io/kwok", folders: []string{
				"kustomize/crd/bases",
				"kustomize/stage/node/fast",
				"kustomize/stage/node/heartbeat-with-lease",
				"kustomize/stage/pod/fast",
			}},
		},
		{
			name:     "istiod",
			binaries: map[string]string{"pilot-discovery": "istio.io/istio/pilot/cmd/pilot-discovery"},
			assets:   &assets{module: "sigs.k8s.io/gateway-api", folders: []string{"config/crd/standard"}},
			// The generated validation of Envoy's messages is a third of their code, and istiod calls none of it.
			tags:    "disable_pgv",
			ldflags: "-X istio.io/istio/pkg/version.buildVersion=1.31.1 -X istio.io/istio/pkg/version.buildTag=1.31.1 -X istio.io/istio/pkg/version.buildStatus=Clean",
		},
		{
			name:     "prometheus",
			binaries: map[string]string{"prometheus": "github.com/prometheus/prometheus/cmd/prometheus"},
			// Of the ways to find targets, the clouds' are most of the code.
			tags: "remove_all_sd,enable_kubernetes_sd",
		},
		{
			name: "kubernetes",
			binaries: map[string]string{
				"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
				"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
				"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
			},
			// Without a version clients cannot parse what the server answers on /version.
			ldflags: "-X " + kubeVersion + ".gitVersion=v1.36.3 -X " + kubeVersion + ".gitMajor=1 -X " + kubeVersion + ".gitMinor=36",
		},
	}
}
