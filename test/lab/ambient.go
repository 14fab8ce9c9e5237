package lab

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshctl/meshctl/test/lab/ztunnel"
)

// nodeProxy is a simulated ztunnel.
type nodeProxy struct{ *ztunnel.ZTunnel }

// runZTunnel starts the admin port of a ztunnel.
func (r *Runtime) runZTunnel(ctx context.Context, pod *corev1.Pod, env map[string]string) (work, error) {
	discovery := env["XDS_ADDRESS"]
	authority, err := r.authority(ctx, pod, discovery, env["ISTIO_META_CLUSTER_ID"])
	if err != nil {
		return nil, err
	}
	debug := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, // istiod may be replaced between two questions
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return r.lab.dialService(ctx, strings.Split(discovery, ":")[0]+":15014")
		},
	}}
	z, err := ztunnel.Start(ztunnel.Config{
		Node: pod.Spec.NodeName, Version: istioVersion, XDSAddress: discovery,
		State: func(ctx context.Context) ([]byte, error) { return get(ctx, debug, "http://istiod/debug/ambientz") },
		Certify: func(ctx context.Context, spiffe string) (chain, root []byte, err error) {
			secrets, err := authority.Certify(ctx, spiffe, true)
			if err != nil {
				return nil, nil, err
			}
			for _, s := range secrets {
				chain = append(chain, s.GetTlsCertificate().GetCertificateChain().GetInlineBytes()...)
				root = append(root, s.GetValidationContext().GetTrustedCa().GetInlineBytes()...)
			}
			if block, _ := pem.Decode(chain); block == nil {
				return nil, nil, errors.New("istiod has signed nothing")
			}
			return chain, root, nil
		},
	}, loopback)
	if err != nil {
		return nil, err
	}
	r.ambient.Store(true)
	for _, known := range r.known.List() {
		r.capture(known.(*corev1.Pod)) // those that were there before ambient mode
	}
	return nodeProxy{z}, nil
}

func (n nodeProxy) ports() map[int]string {
	return map[int]string{15000: n.Address(), 15020: n.Address(), 15021: n.Address()}
}

func (n nodeProxy) logs() (string, bool) { return "", false }

func (n nodeProxy) close() { n.ZTunnel.Close() }

// get returns the body of an answer with status 200.
func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

// The marks with which istio's CNI plugin tells istiod that a pod's traffic goes
// through ztunnel.
const (
	dataplaneLabel        = "istio.io/dataplane-mode"
	redirectionAnnotation = "ambient.istio.io/redirection"
)

// capture does what istio's CNI plugin does where ambient mode is installed: it
// marks pods of ambient namespaces that have no sidecar.
func (r *Runtime) capture(pod *corev1.Pod) {
	if !r.ambient.Load() || pod.Annotations[redirectionAnnotation] != "" || pod.Spec.HostNetwork || r.runnerFor(pod) != nil || pod.Status.PodIP == "" {
		return
	}
	r.busy.Go(func() {
		mode := pod.Labels[dataplaneLabel]
		if mode == "" {
			namespace, err := r.lab.Client.CoreV1().Namespaces().Get(r.ctx, pod.Namespace, metav1.GetOptions{})
			if err != nil {
				return // the pod goes with its namespace
			}
			mode = namespace.Labels[dataplaneLabel]
		}
		if mode != "ambient" {
			return
		}
		patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"enabled"}}}`, redirectionAnnotation)
		if _, err := r.lab.Client.CoreV1().Pods(pod.Namespace).Patch(r.ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			r.note("capturing pod %s/%s: %v", pod.Namespace, pod.Name, err)
		}
	})
}
