package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
)

// Two labs run side by side; as clusters of one mesh, the istiod of one tells its
// proxies of the pods in the other. The nodes of the second are as new as its API
// server, so that its sidecars are native ones.
func TestTwoClustersOfOneMesh(t *testing.T) {
	t.Parallel()
	labs := map[string]*lab.Lab{"east": nil, "west": nil}
	networks := map[string]string{"east": "10.244.0.1/16", "west": "10.245.0.1/16"}
	var starts errgroup.Group
	made := make(chan func(), len(labs))
	for name := range labs {
		manifests := mustMeshctl(t, "", "manifest", "generate", "--profile", "minimal",
			"--set", "values.global.meshID=one", "--set", "values.global.multiCluster.clusterName="+name)
		starts.Go(func() error {
			l, err := lab.Start(t.Context(), lab.Options{PodNetwork: networks[name]})
			if err != nil {
				return err
			}
			made <- func() { labs[name] = l }
			if name == "west" {
				if err := l.SetKubeletVersion(t.Context(), "v1.36.3"); err != nil {
					return err
				}
			}
			return l.InstallIstio(t.Context(), []byte(manifests))
		})
	}
	err := starts.Wait()
	close(made)
	for store := range made {
		store()
	}
	for _, l := range labs {
		if l != nil {
			t.Cleanup(func() {
				if err := l.Stop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if err != nil {
		t.Fatal(err)
	}

	const namespace = "shared"
	for name, l := range labs {
		objects := "{apiVersion: v1, kind: Namespace, metadata: {name: shared, labels: {istio-injection: enabled}}}"
		if err := l.Apply(t.Context(), namespace, []byte(objects)); err != nil {
			t.Fatal(err)
		}
		eventually(t, "injection in "+name, func() error {
			probe := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "probe-"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}}}
			made, err := l.Client.CoreV1().Pods(namespace).Create(t.Context(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err == nil && len(made.Spec.Containers)+len(made.Spec.InitContainers) < 2 {
				err = fmt.Errorf("a pod is not injected")
			}
			return err
		})
		if err := l.Apply(t.Context(), namespace, []byte(web)); err != nil {
			t.Fatal(err)
		}
		if err := l.WaitForRollouts(t.Context(), namespace); err != nil {
			t.Fatal(err)
		}
	}
	east, west := webPod(t, labs["east"], namespace), webPod(t, labs["west"], namespace)

	t.Run("native sidecars", func(t *testing.T) {
		for _, container := range west.Spec.InitContainers {
			if container.Name == "istio-proxy" && container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
				if out := mustMeshctl(t, labs["west"].Kubeconfig, "proxy-config", "listener", west.Name, "-n", namespace); !strings.Contains(out, "15006") {
					t.Errorf("listeners of a native sidecar:\n%s", out)
				}
				return
			}
		}
		t.Errorf("the sidecar of %s is no native one", west.Name)
	})
	t.Run("endpoints of both", func(t *testing.T) {
		kubeconfig, err := os.ReadFile(labs["west"].Kubeconfig)
		if err != nil {
			t.Fatal(err)
		}
		secret := fmt.Appendf(nil, `{apiVersion: v1, kind: Secret, metadata: {name: istio-remote-secret-west, namespace: istio-system,
labels: {istio/multiCluster: "true"}, annotations: {networking.istio.io/cluster: west}}, data: {west: %s}}`, base64.StdEncoding.EncodeToString(kubeconfig))
		if err := labs["east"].Apply(t.Context(), "", secret); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the proxy in the east to know the pod in the west", func() error {
			out := mustMeshctl(t, labs["east"].Kubeconfig, "proxy-config", "endpoint", east.Name, "-n", namespace)
			for _, pod := range []*corev1.Pod{east, west} {
				if err := lineWith(out, pod.Status.PodIP, "outbound|80||web.shared.svc.cluster.local"); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func webPod(t *testing.T, l *lab.Lab, namespace string) *corev1.Pod {
	t.Helper()
	pods, err := l.Client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil || len(pods.Items) != 1 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	return &pods.Items[0]
}
