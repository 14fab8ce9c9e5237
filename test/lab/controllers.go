package lab

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
)

// newControllerManager describes the controllers, without those that would
// manage real nodes.
func (l *Lab) newControllerManager() *Component {
	port := 0
	return &Component{lab: l, name: "kube-controller-manager", grace: shortGrace, launch: func() (launch, error) {
		if err := l.ports.fill(&port); err != nil {
			return launch{}, err
		}
		return launch{
			binary: l.tools.Path("kube-controller-manager"),
			args: append(l.controlPlaneArgs("controller-manager", port),
				"--controllers=*,-nodeipam,-node-lifecycle-controller",
				"--service-account-private-key-file="+l.keys.serviceAccount,
				"--root-ca-file="+l.keys.ca,
				"--kube-api-qps=500", "--kube-api-burst=1000"),
			ready: answersOK(careless(), fmt.Sprintf("https://%s/healthz", address(port))),
		}, nil
	}}
}

// newScheduler describes the scheduler.
func (l *Lab) newScheduler() *Component {
	port := 0
	return &Component{lab: l, name: "kube-scheduler", grace: shortGrace, launch: func() (launch, error) {
		if err := l.ports.fill(&port); err != nil {
			return launch{}, err
		}
		return launch{
			binary: l.tools.Path("kube-scheduler"),
			args:   append(l.controlPlaneArgs("scheduler", port), "--kube-api-qps=500", "--kube-api-burst=1000"),
			ready:  answersOK(careless(), fmt.Sprintf("https://%s/healthz", address(port))),
		}, nil
	}}
}

func (l *Lab) controlPlaneArgs(certDir string, port int) []string {
	return []string{
		"--kubeconfig=" + l.direct,
		"--leader-elect=false",
		"--bind-address=" + loopback, fmt.Sprintf("--secure-port=%d", port),
		"--cert-dir=" + filepath.Join(l.Dir, certDir),
		"--authentication-skip-lookup",
		"--profiling=false",
	}
}

// careless returns a client for health checks of servers on loopback that make
// their own certificates.
func careless() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}}
}
