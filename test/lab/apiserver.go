package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// shortGrace is what components get that keep nothing: kube-apiserver takes up
// to a minute to end while watches are open, which no test wants to wait for.
const shortGrace = 500 * time.Millisecond

// newAPIServer describes the API server. Connections into the cluster
// (webhooks, service proxies, kubelets) leave it through the lab's [egress].
func (l *Lab) newAPIServer() *Component {
	return &Component{lab: l, name: "kube-apiserver", grace: shortGrace, launch: func() (launch, error) {
		if err := l.ports.fill(&l.apiPort); err != nil {
			return launch{}, err
		}
		egressConfig := filepath.Join(l.Dir, "egress.yaml")
		if err := os.WriteFile(egressConfig, []byte(fmt.Sprintf(egressSelector, l.egress.socket)), 0o644); err != nil {
			return launch{}, err
		}
		return launch{
			binary: l.tools.Path("kube-apiserver"),
			args: []string{
				"--etcd-servers=http://" + address(l.etcdPort),
				"--bind-address=" + loopback, "--advertise-address=" + loopback, fmt.Sprintf("--secure-port=%d", l.apiPort),
				"--tls-cert-file=" + l.keys.serverCert, "--tls-private-key-file=" + l.keys.serverKey,
				"--cert-dir=" + filepath.Join(l.Dir, "apiserver"),
				"--service-account-key-file=" + l.keys.serviceAccount,
				"--service-account-signing-key-file=" + l.keys.serviceAccount,
				"--service-account-issuer=https://kubernetes.default.svc",
				"--api-audiences=https://kubernetes.default.svc,istio-ca",
				"--authorization-mode=RBAC", "--token-auth-file=" + l.keys.tokens,
				"--service-cluster-ip-range=10.96.0.0/16",
				"--allow-privileged=true",
				// Otherwise new nodes keep a not-ready taint and nothing is scheduled.
				"--disable-admission-plugins=TaintNodesByCondition",
				"--kubelet-preferred-address-types=InternalIP",
				"--egress-selector-config-file=" + egressConfig,
				"--endpoint-reconciler-type=none", // the address of the lab is no endpoint
				"--profiling=false",
			},
			ready: func(ctx context.Context) error {
				client, err := l.adminHTTP()
				if err != nil {
					return err
				}
				return answersOK(client, l.apiURL()+"/readyz")(ctx)
			},
		}, nil
	}}
}

// egressSelector sends connections into the cluster through a Unix socket.
const egressSelector = `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds: {udsName: %q}
`
