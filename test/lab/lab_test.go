package lab_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/meshctl/meshctl/test/lab"
)

var shared *lab.Lab

// TestMain starts one lab for all tests, or, called again by a test that wants
// to see a lab's owner die, owns a lab until it is killed.
func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) != "" {
		ownLab()
	}
	os.Exit(lab.Main(m, &shared, lab.Options{}))
}

const ownerVariable = "LAB_TEST_OWNER"

func ownLab() {
	l, err := lab.Start(context.Background(), lab.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.Dir)
	select {}
}

const webDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`

func TestWorkloadsRollOut(t *testing.T) {
	c := shared.In(t)
	c.Apply(webDeployment)
	c.WaitForRollouts()
	deployment, err := c.Client.AppsV1().Deployments(c.Namespace).Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if deployment.Status.ReadyReplicas != 2 {
		t.Errorf("%d replicas are ready, want 2", deployment.Status.ReadyReplicas)
	}
}

// Nothing may outlive the process that started a lab, however it ends.
func TestNothingSurvivesAKill(t *testing.T) {
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"=1")
	owner.Stderr = os.Stderr
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	if _, err := fmt.Fscanln(out, &dir); err != nil {
		t.Fatalf("starting a second lab: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "pids", "*"))
	if err != nil || len(files) < 5 {
		t.Fatalf("want a pid file for each of 5 components, got %v (%v)", files, err)
	}
	var pids []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		fmt.Sscan(string(data), &pid)
		pids = append(pids, pid)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // says that it was killed
	waitFor(t, "the components to die", func() error {
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) && !isZombie(pid) {
				return fmt.Errorf("process %d lives", pid)
			}
		}
		return nil
	})
	waitFor(t, "the folder to be removed", func() error {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			return fmt.Errorf("%s is still there", dir)
		}
		return nil
	})
}

func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestAUserMayDoWhatTheRulesSay(t *testing.T) {
	c := shared.In(t)
	c.Apply(webDeployment)
	client := clientFor(t, c.User(rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}}))
	if _, err := client.CoreV1().Pods(c.Namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("listing pods, which the user may: %v", err)
	}
	if _, err := client.AppsV1().Deployments(c.Namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing deployments, which the user may not: got %v, want forbidden", err)
	}
	if _, err := client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing pods of another namespace: got %v, want forbidden", err)
	}
}

func TestADoorCanBeSlowFailAndClose(t *testing.T) {
	c := shared.In(t)
	door := c.Door()
	client := clientFor(t, door.Kubeconfig)
	list := func(timeout time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		_, err := client.CoreV1().Pods(c.Namespace).List(ctx, metav1.ListOptions{})
		return err
	}
	if err := list(time.Minute); err != nil {
		t.Fatalf("through an open door: %v", err)
	}
	door.Slow(lab.Hang, "/pods")
	if err := list(200 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("through a door that hangs: got %v, want the deadline to pass", err)
	}
	if err := door.Open(); err != nil {
		t.Fatal(err)
	}
	door.Fail(http.StatusInternalServerError, "/pods")
	if err := list(time.Minute); !apierrors.IsInternalError(err) {
		t.Errorf("through a door that fails: got %v, want an internal error", err)
	}
	door.Refuse()
	if err := list(time.Minute); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("through a closed door: got %v, want the connection to be refused", err)
	}
	if err := door.Open(); err != nil {
		t.Fatal(err)
	}
	if err := list(time.Minute); err != nil {
		t.Errorf("through a door that is open again: %v", err)
	}
}

func TestAComponentStopsAndStartsAgain(t *testing.T) {
	c := shared.In(t)
	c.APIServer.Stop()
	if _, err := c.Client.CoreV1().Nodes().List(c.Context(), metav1.ListOptions{}); err == nil {
		t.Error("a stopped API server answers")
	}
	if err := c.APIServer.Start(c.Context()); err != nil {
		t.Fatal(err)
	}
	c.Apply(webDeployment)
	c.WaitForRollouts()
}

func clientFor(t *testing.T, kubeconfig string) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func waitFor(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
