package kube

import (
	"maps"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig chooses a cluster and an identity as kubectl does; an empty field
// leaves the choice to KUBECONFIG, ~/.kube/config and the current context.
// (genericclioptions.ConfigFlags does the same, but links the whole typed API
// in: 37 MB of binary and half of the time to start.)
type Kubeconfig struct {
	File      string // --kubeconfig
	Context   string // --context
	Namespace string // --namespace
	As        string // --as
	AsGroups  []string
	AsUID     string
}

func (k Kubeconfig) loader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = k.File
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{
		CurrentContext: k.Context,
		Context:        clientcmdapi.Context{Namespace: k.Namespace},
		AuthInfo: clientcmdapi.AuthInfo{
			Impersonate:       k.As,
			ImpersonateGroups: k.AsGroups,
			ImpersonateUID:    k.AsUID,
		},
	})
}

// Contexts names the contexts of the kubeconfig, without touching a cluster.
func (k Kubeconfig) Contexts() ([]string, error) {
	raw, err := k.loader().RawConfig()
	if err != nil {
		return nil, configError("", kubeconfigFiles(k.loader()), err)
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), nil
}
