package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
)

// standIn is called as Envoy is: it runs the simulation as a program of its own,
// and fails for pods whose names ask for it.
const standIn = `#!/bin/sh
case "$*" in
*~exits-*) echo "no such luck" >&2; exit 3 ;;
*~hangs-*) trap '' TERM; while :; do sleep 1; done ;;
esac
exec %s "$@"
`

// twin is a workload whose Envoy fails, if its name says so.
const twin = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: web, image: web}]}
`

// With a binary, each proxy is a process: started from a bootstrap, fed by istiod
// through an agent, ready when it says so, and gone with its pod.
func TestABinaryRunsInThePlaceOfTheSimulation(t *testing.T) {
	l := labWithBinary(t)
	t.Run("it serves", func(t *testing.T) { binaryServes(t, l) })
	t.Run("it fails", func(t *testing.T) { binaryFails(t, l) })
}

func binaryServes(t *testing.T, l *lab.Lab) {
	c := l.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(web)
	c.WaitForRollouts()
	pod := c.Pod("app=web")
	if c.Envoy(pod).Simulated() || c.Runtime.RealEnvoy(c.Namespace, pod) == nil {
		t.Fatal("the proxy is simulated")
	}
	for view, want := range map[string]string{
		"listener": "InboundPassthroughCluster", // over xDS, through the agent
		"secret":   "ROOTCA",                    // from the agent
		"cluster":  "web." + c.Namespace + ".svc.cluster.local",
	} {
		if out := mustMeshctl(t, c.Kubeconfig, "proxy-config", view, pod, "-n", c.Namespace); !strings.Contains(out, want) {
			t.Errorf("proxy-config %s shows no %q:\n%s", view, want, out)
		}
	}
	c.Eventually("istiod to see the proxy in sync", func() error {
		if out := mustMeshctl(t, c.Kubeconfig, "proxy-status", pod, "-n", c.Namespace, "-o", "json"); strings.Contains(out, "STALE") {
			return fmt.Errorf("proxy-status says:\n%s", out)
		}
		return nil
	})

	// The admin port fails as a test asks for, and the process can be stopped.
	proxy := c.Envoy(pod)
	proxy.CloseAdmin()
	if r := runMeshctl(t, c.Kubeconfig, "proxy-config", "listener", pod, "-n", c.Namespace); r.code == 0 || !strings.Contains(r.stderr, "nothing listens") {
		t.Errorf("of a closed admin port: exit code %d, %s", r.code, r.stderr)
	}
	if err := proxy.OpenAdmin(); err != nil {
		t.Fatal(err)
	}
	mustMeshctl(t, c.Kubeconfig, "proxy-config", "listener", pod, "-n", c.Namespace)
	if err := c.Runtime.RealEnvoy(c.Namespace, pod).Restart(c.Context()); err != nil {
		t.Fatal(err)
	}
	mustMeshctl(t, c.Kubeconfig, "proxy-config", "listener", pod, "-n", c.Namespace)

	pidFile := filepath.Join(c.Dir, "pids", "envoy-"+c.Namespace+"."+pod)
	if _, err := os.Stat(pidFile); err != nil {
		t.Errorf("a running Envoy without a pid file: %v", err)
	}
	c.DeletePod(pod)
	c.Eventually("the process to end with its pod", func() error {
		if _, err := os.Stat(pidFile); !os.IsNotExist(err) {
			return fmt.Errorf("%s: %w", pidFile, errors.Join(errors.New("it runs"), err))
		}
		return nil
	})
}

// An Envoy that ends or hangs leaves its pod unready, and what it said is found
// in the log of the runtime.
func binaryFails(t *testing.T, l *lab.Lab) {
	c := l.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(fmt.Sprintf(twin, "exits") + "---" + fmt.Sprintf(twin, "hangs"))
	c.Eventually("the end of the first to be told", func() error {
		if said := c.Runtime.Log(); !strings.Contains(said, "exit status 3") || !strings.Contains(said, "no such luck") {
			return fmt.Errorf("the runtime says:\n%s", said)
		}
		return nil
	})
	var hangs string
	c.Eventually("the second to run", func() error {
		files, err := filepath.Glob(filepath.Join(c.Dir, "pids", "envoy-"+c.Namespace+".hangs-*"))
		if err != nil || len(files) != 1 {
			return fmt.Errorf("%d processes, %w", len(files), err)
		}
		hangs = files[0]
		return nil
	})
	pods, err := c.Client.CoreV1().Pods(c.Namespace).List(c.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) != 2 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	for _, pod := range pods.Items {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				t.Errorf("pod %s is ready", pod.Name)
			}
		}
	}
	c.Delete(fmt.Sprintf(twin, "hangs"))
	c.Eventually("what hangs to end with its pod", func() error {
		if _, err := os.Stat(hangs); !os.IsNotExist(err) {
			return fmt.Errorf("it runs; %w", err)
		}
		return nil
	})
}

// labWithBinary gives a lab with a mesh whose proxies are processes.
func labWithBinary(t *testing.T) *lab.Lab {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "envoy-sim")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../lab/cmd/envoy-sim").CombinedOutput(); err != nil {
		t.Fatalf("building the stand-in: %v\n%s", err, out)
	}
	binary := filepath.Join(dir, "envoy")
	if err := os.WriteFile(binary, fmt.Appendf(nil, standIn, program), 0o755); err != nil {
		t.Fatal(err)
	}
	l := ownLab(t, lab.Options{Envoy: binary})
	manifests := mustMeshctl(t, "", "manifest", "generate", "--profile", "minimal")
	if err := l.InstallIstio(t.Context(), []byte(manifests)); err != nil {
		t.Fatal(err)
	}
	return l
}
