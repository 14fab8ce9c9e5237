package lab

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig writes a kubeconfig with one context, called lab, that
// reaches the API server at a URL with a bearer token.
func (l *Lab) writeKubeconfig(name, server, user, token string) (string, error) {
	path := filepath.Join(l.Dir, name)
	config := api.Config{
		Clusters:       map[string]*api.Cluster{"lab": {Server: server, CertificateAuthorityData: l.keys.caPEM}},
		AuthInfos:      map[string]*api.AuthInfo{user: {Token: token}},
		Contexts:       map[string]*api.Context{"lab": {Cluster: "lab", AuthInfo: user}},
		CurrentContext: "lab",
	}
	if err := clientcmd.WriteToFile(config, path); err != nil {
		return "", fmt.Errorf("writing kubeconfig %s: %w", path, err)
	}
	return path, nil
}
