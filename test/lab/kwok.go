package lab

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// podNetwork is where kwok takes pod IPs from, unless a lab says otherwise.
const podNetwork = "10.244.0.1/16"

// newKwok describes the simulated kubelet of all nodes.
func (l *Lab) newKwok() *Component {
	return &Component{lab: l, name: "kwok", grace: shortGrace, launch: func() (launch, error) {
		if err := l.ports.fill(&l.kwokPort); err != nil {
			return launch{}, err
		}
		config, err := stagesConfig(filepath.Join(l.tools.Share, "kwok", "kustomize", "stage"))
		if err != nil {
			return launch{}, err
		}
		file := filepath.Join(l.Dir, "stages.yaml")
		if err := os.WriteFile(file, config, 0o644); err != nil {
			return launch{}, err
		}
		return launch{
			binary: l.tools.Path("kwok"),
			args: []string{
				"--kubeconfig=" + l.direct,
				"--config=" + file,
				"--manage-all-nodes",
				"--node-ip=" + loopback, fmt.Sprintf("--node-port=%d", l.kwokPort), "--server-address=" + address(l.kwokPort),
				"--tls-cert-file=" + l.keys.serverCert, "--tls-private-key-file=" + l.keys.serverKey,
				"--cidr=" + l.podNetwork,
				"--enable-crds=PortForward,ClusterPortForward,Logs,ClusterLogs,Exec,ClusterExec",
			},
			ready: answersOK(http.DefaultClient, fmt.Sprintf("http://%s/healthz", address(l.kwokPort))),
		}, nil
	}}
}
