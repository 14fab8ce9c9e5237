package kube

import (
	"errors"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// NewFromSecret is the cluster of a kubeconfig that a control plane keeps in a
// Secret. Whoever can write such a Secret must not come to run programs or
// have files read here, so a kubeconfig that refers to any is refused, as
// istiod does.
func NewFromSecret(kubeconfig []byte, o Options) (*Cluster, error) {
	config, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, errors.New("its kubeconfig cannot be read") // the cause may quote credentials
	}
	if len(config.Contexts) == 0 {
		return nil, errors.New("its kubeconfig has no context")
	}
	for name, user := range config.AuthInfos {
		if reason := reachesOut(user); reason != "" {
			return nil, fmt.Errorf("user %q of its kubeconfig has %s, which is not run or read from a Secret", name, reason)
		}
	}
	for name, cluster := range config.Clusters {
		if cluster.CertificateAuthority != "" {
			return nil, fmt.Errorf("cluster %q of its kubeconfig has a certificate-authority file, which is not read from a Secret", name)
		}
	}
	rest, err := clientcmd.NewDefaultClientConfig(*config, nil).ClientConfig()
	if err != nil {
		return nil, errors.New("its kubeconfig is not complete")
	}
	return newCluster(config.CurrentContext, "default", rest, o), nil
}

// reachesOut says what of a user leads to programs or files of this machine.
func reachesOut(user *clientcmdapi.AuthInfo) string {
	switch {
	case user.Exec != nil:
		return "an exec plugin"
	case user.AuthProvider != nil:
		return "an auth-provider"
	case user.TokenFile != "":
		return "a token file"
	case user.ClientCertificate != "", user.ClientKey != "":
		return "files with keys"
	}
	return ""
}
