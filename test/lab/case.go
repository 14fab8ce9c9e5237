package lab

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab/envoy"
)

// Main is the body of a TestMain: it starts a lab for the tests of a package,
// has it prepared (an Istio installed, for instance), stores it where the
// tests find it, runs them and stops it again. It returns the exit code.
//
//	var mesh *lab.Lab
//
//	func TestMain(m *testing.M) { os.Exit(lab.Main(m, &mesh, lab.Options{})) }
func Main(m *testing.M, store **Lab, options Options, prepare ...func(context.Context, *Lab) error) int {
	flag.Parse()
	if flag.Lookup("test.list").Value.String() != "" {
		return m.Run() // only names are asked for
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute) // a cold build of the tools is part of it
	defer cancel()
	l, err := Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := l.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	for _, step := range prepare {
		if err := step(ctx, l); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	*store = l
	fmt.Fprintln(os.Stderr, "lab:", l.Proxies())
	return m.Run()
}

// Case is a lab in the hands of one test: a namespace of its own, and helpers
// that end the test when something fails.
type Case struct {
	*Lab
	Namespace string

	t   testing.TB
	ctx context.Context
}

// caseTimeout bounds what one test does with its lab.
const caseTimeout = 3 * time.Minute

// In gives the lab to a test, with a new namespace that is deleted after it.
// Labels, as "key=value", are put on the namespace.
func (l *Lab) In(t testing.TB, labels ...string) *Case {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), caseTimeout)
	t.Cleanup(cancel)
	c := &Case{Lab: l, t: t, ctx: ctx}
	prefix := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(t.Name()), "-"), "-")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix[:min(len(prefix), 40)] + "-", Labels: map[string]string{}}}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		namespace.Labels[key] = value
	}
	made, err := l.Client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	c.must(err)
	c.Namespace = made.Name
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Client.CoreV1().Namespaces().Delete(ctx, made.Name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("deleting namespace %s: %v", made.Name, err)
		}
	})
	return c
}

// Context ends with the test, or when it takes far too long.
func (c *Case) Context() context.Context { return c.ctx }

// Apply applies YAML; objects without a namespace go to the test's.
func (c *Case) Apply(yaml string) {
	c.t.Helper()
	c.must(c.Lab.Apply(c.ctx, c.Namespace, []byte(yaml)))
}

// Delete deletes what the YAML describes and waits until it is gone.
func (c *Case) Delete(yaml string) {
	c.t.Helper()
	c.must(c.Lab.Delete(c.ctx, c.Namespace, []byte(yaml)))
}

// WaitForRollouts waits for the workloads in the test's namespace.
func (c *Case) WaitForRollouts() {
	c.t.Helper()
	c.must(c.Lab.WaitForRollouts(c.ctx, c.Namespace))
}

// Pod returns the name of the one pod in the test's namespace that a label
// selector matches and that is not being deleted.
func (c *Case) Pod(selector string) string {
	c.t.Helper()
	names := c.Pods(selector)
	if len(names) != 1 {
		c.t.Fatalf("want one pod with %s in namespace %s, found %d: %v", selector, c.Namespace, len(names), names)
	}
	return names[0]
}

// Pods returns the names of the pods that a selector matches, sorted, without
// those that are being deleted.
func (c *Case) Pods(selector string) []string {
	c.t.Helper()
	pods, err := c.Client.CoreV1().Pods(c.Namespace).List(c.ctx, metav1.ListOptions{LabelSelector: selector})
	c.must(err)
	var names []string
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp == nil {
			names = append(names, pod.Name)
		}
	}
	slices.Sort(names)
	return names
}

// PodsOf returns the names of the pods of a Deployment ("deploy/NAME") in the
// test's namespace, those that are being deleted left out.
func (c *Case) PodsOf(workload string) []string {
	c.t.Helper()
	name := workload[strings.LastIndex(workload, "/")+1:]
	deployment, err := c.Client.AppsV1().Deployments(c.Namespace).Get(c.ctx, name, metav1.GetOptions{})
	c.must(err)
	var names []string
	c.Eventually("a pod of deployment "+name, func() error { // the one before may have gone a moment ago
		if names = c.Pods(metav1.FormatLabelSelector(deployment.Spec.Selector)); len(names) == 0 {
			return fmt.Errorf("deployment %s/%s has no pod", c.Namespace, name)
		}
		return nil
	})
	return names
}

// DeletePod deletes a pod of the test's namespace and waits until it is gone.
func (c *Case) DeletePod(name string) {
	c.t.Helper()
	c.Delete("{apiVersion: v1, kind: Pod, metadata: {name: " + name + "}}")
}

// MapPort puts a server (a URL or host:port on loopback) behind a port of a pod
// in the test's namespace.
func (c *Case) MapPort(pod string, port int, server string) {
	c.t.Helper()
	server = strings.TrimSuffix(strings.TrimPrefix(server, "http://"), "/")
	c.must(c.Lab.MapPort(c.ctx, c.Namespace, pod, port, server))
}

// CutForwards cuts all port-forwards to a pod of the test's namespace.
func (c *Case) CutForwards(pod string) { c.Lab.CutForwards(c.Namespace, pod) }

// SetLog sets the log of a container, and that of the run before its last restart.
func (c *Case) SetLog(pod, container, text, previous string) {
	c.t.Helper()
	c.must(c.Lab.SetLog(c.ctx, c.Namespace, pod, container, text, previous))
}

// Envoy returns the Envoy of a pod in the test's namespace, simulated or real.
func (c *Case) Envoy(pod string) *envoy.Proxy {
	c.t.Helper()
	proxy := c.Runtime.Envoy(c.Namespace, pod)
	if proxy == nil {
		c.t.Fatalf("pod %s/%s has no Envoy", c.Namespace, pod)
	}
	return proxy
}

// Door opens a way to the API server that can be made slow or closed for this
// test alone.
func (c *Case) Door() *Door {
	c.t.Helper()
	door, err := c.NewDoor()
	c.must(err)
	c.t.Cleanup(door.Close)
	return door
}

// User returns the kubeconfig of a user that may do in the test's namespace
// what the rules say, and nothing anywhere else.
func (c *Case) User(rules ...rbacv1.PolicyRule) string {
	c.t.Helper()
	kubeconfig, err := c.NewUser(c.ctx, c.Namespace, rules...)
	c.must(err)
	return kubeconfig
}

// Eventually waits until check returns nil. What says what is waited for.
func (c *Case) Eventually(what string, check func() error) {
	c.t.Helper()
	if err := eventually(c.ctx, func(context.Context) error { return check() }); err != nil {
		c.t.Fatalf("waiting for %s: %v", what, err)
	}
}

func (c *Case) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// WaitForInjection waits until a new pod in the test's namespace gets a
// sidecar: the API server learns of a changed label or webhook a moment after
// the change.
func (c *Case) WaitForInjection() {
	c.t.Helper()
	c.Eventually("sidecar injection in namespace "+c.Namespace, func() error {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "probe-"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: "probe"}}},
		}
		made, err := c.Client.CoreV1().Pods(c.Namespace).Create(c.ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return err
		}
		if len(made.Spec.Containers) < 2 && len(made.Spec.InitContainers) == 0 {
			return fmt.Errorf("a pod in namespace %s is not injected", c.Namespace)
		}
		return nil
	})
}
