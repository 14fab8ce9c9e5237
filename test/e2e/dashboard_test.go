package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
)

const grafana = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: grafana}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: grafana}}
  template:
    metadata: {labels: {app.kubernetes.io/name: grafana}, annotations: {sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: grafana, image: grafana, ports: [{containerPort: 3000}]}]}
`

// dashboardProcess is a `meshctl dashboard` that runs.
type dashboardProcess struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stderr lines
}

func (p *dashboardProcess) said() string { return p.stderr.String() }

// openDashboard starts `meshctl dashboard ARGS` and waits for its URL.
func openDashboard(t *testing.T, kubeconfig string, args ...string) *dashboardProcess {
	t.Helper()
	p := &dashboardProcess{t: t, cmd: command(t.Context(), kubeconfig, append([]string{"dashboard", "--browser=false"}, args...)...)}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.cmd.Wait()
		t.Fatalf("no URL: %v\n%s", err, p.said())
	}
	p.url = strings.TrimSpace(line)
	return p
}

// end ends the command by a signal, as Ctrl-C does, and checks its exit code.
func (p *dashboardProcess) end(signal os.Signal) {
	p.t.Helper()
	p.cmd.Process.Signal(signal)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("after %v: %v\n%s", signal, err, p.said())
	}
}

// get reads a page through the dashboard, over a connection of its own.
func (p *dashboardProcess) get(path string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	response, err := client.Get(p.url + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// want reads a page that has to contain a text.
func (p *dashboardProcess) want(path, text string) {
	p.t.Helper()
	if body, err := p.get(path); err != nil || !strings.Contains(body, text) {
		p.t.Fatalf("%s%s: %v, got %.300q, want %q in it\n%s", p.url, path, err, body, text, p.said())
	}
}

// files counts the open files of the process, connections among them.
func (p *dashboardProcess) files() int {
	p.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("counting open files needs /proc: ", err)
	}
	return len(entries)
}

func page(t *testing.T, text string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
	t.Cleanup(server.Close)
	return server.URL
}

func TestDashboardFollowsItsPodsAndOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	door := c.Door()
	c.Apply(grafana)
	c.WaitForRollouts()
	first := c.Pod("app.kubernetes.io/name=grafana")
	c.MapPort(first, 3000, page(t, "first grafana"))
	d := openDashboard(t, door.Kubeconfig, "grafana", "-n", c.Namespace)
	d.want("/", "first grafana")

	c.DeletePod(first)
	c.WaitForRollouts()
	second := c.Pod("app.kubernetes.io/name=grafana")
	c.MapPort(second, 3000, page(t, "second grafana"))
	c.Eventually("the second pod's page", func() error {
		body, err := d.get("/")
		if body != "second grafana" {
			return fmt.Errorf("got %q, %v", body, err)
		}
		return nil
	})
	if !strings.Contains(d.said(), "now connected to pod "+c.Namespace+"/"+second) {
		t.Errorf("it said:\n%s", d.said())
	}

	door.Refuse() // the API server restarts
	answers := make(chan error, 1)
	go func() {
		body, err := d.get("/")
		if body != "second grafana" {
			err = fmt.Errorf("got %q, %v", body, err)
		}
		answers <- err
	}()
	c.Eventually("a word about it", func() error {
		if !strings.Contains(d.said(), "trying to connect again") {
			return fmt.Errorf("it said:\n%s", d.said())
		}
		return nil
	})
	if err := door.Open(); err != nil {
		t.Fatal(err)
	}
	if err := <-answers; err != nil {
		t.Errorf("the request that waited for the API server: %v", err)
	}
	d.end(syscall.SIGTERM)
}

// The API server itself goes away and comes back: who asks meanwhile waits, the
// local port stays, and so does the command.
func TestDashboardOutlivesARestartOfTheAPIServer(t *testing.T) {
	c := mesh.In(t)
	c.Apply(grafana)
	c.WaitForRollouts()
	c.MapPort(c.Pod("app.kubernetes.io/name=grafana"), 3000, page(t, "grafana"))
	d := openDashboard(t, c.Kubeconfig, "grafana", "-n", c.Namespace)
	d.want("/", "grafana")
	before := d.files()

	c.APIServer.Stop()
	restarted := false
	t.Cleanup(func() {
		if !restarted {
			restart(t, c)
		}
	})
	answer := make(chan error, 1)
	go func() {
		body, err := d.get("/")
		if body != "grafana" {
			err = fmt.Errorf("got %q, %v", body, err)
		}
		answer <- err
	}()
	c.Eventually("a word about it", func() error {
		if !strings.Contains(d.said(), "trying to connect again") {
			return fmt.Errorf("it said:\n%s", d.said())
		}
		return nil
	})
	restart(t, c)
	restarted = true
	if err := <-answer; err != nil {
		t.Errorf("the request that waited for the API server: %v\n%s", err, d.said())
	}
	d.want("/", "grafana") // at the same port: its URL is that of before
	if told := strings.Count(d.said(), "\n"); told > 5 {
		t.Errorf("it said %d lines:\n%s", told, d.said())
	}
	if after := d.files(); after > before+8 {
		t.Errorf("%d open files before, %d after", before, after)
	}
	d.end(os.Interrupt)
}

// A page that is being read ends when its server goes away; the next one is that
// of the server that came in its place.
func TestDashboardEndsWhatItsServerLeft(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	c.Apply(grafana)
	c.WaitForRollouts()
	pod := c.Pod("app.kubernetes.io/name=grafana")
	started, release := make(chan struct{}), make(chan struct{})
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			return // meshctl asks for the scheme
		}
		io.WriteString(w, "the beginning")
		w.(http.Flusher).Flush()
		started <- struct{}{}
		<-release
	}))
	t.Cleanup(first.Close)
	t.Cleanup(func() { close(release) })
	c.MapPort(pod, 3000, first.URL)
	d := openDashboard(t, c.Kubeconfig, "grafana", "-n", c.Namespace)
	ended := make(chan error, 1)
	go func() {
		_, err := d.get("/")
		ended <- err
	}()
	<-started
	c.MapPort(pod, 3000, page(t, "second grafana"))
	if err := <-ended; err == nil || os.IsTimeout(err) {
		t.Errorf("half a page has ended with %v, want a cut", err)
	}
	d.want("/", "second grafana")
	d.end(os.Interrupt)
}

func TestDashboardSurvivesThirtyCutsWithoutLeavingConnections(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	door := c.Door()
	c.Apply(grafana)
	c.WaitForRollouts()
	c.MapPort(c.Pod("app.kubernetes.io/name=grafana"), 3000, page(t, "grafana"))
	d := openDashboard(t, door.Kubeconfig, "grafana", "-n", c.Namespace)
	d.want("/", "grafana")
	before := d.files()
	for range 30 {
		door.Cut()
		c.Eventually("the page after a cut", func() error {
			_, err := d.get("/")
			return err
		})
	}
	if after := d.files(); after > before+8 {
		t.Errorf("%d open files before, %d after", before, after)
	}
	d.end(os.Interrupt)
}

func TestDashboardsOfIstiodAndProxies(t *testing.T) {
	t.Parallel()
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`)
	c.WaitForRollouts()
	for _, tt := range []struct {
		args       []string
		path, want string
	}{
		{[]string{"proxy", "deploy/web", "-n", c.Namespace}, "/server_info", "command_line_options"},
		{[]string{"proxy", "-l", "app=web", "-n", c.Namespace}, "/ready", "LIVE"},
		{[]string{"istiod-debug"}, "", "syncz"},
		{[]string{"controlz", "deploy/istiod.istio-system"}, "/scopez/", "ControlZ"},
	} {
		t.Run(tt.args[0], func(t *testing.T) {
			d := openDashboard(t, c.Kubeconfig, append(tt.args, "--port", "0")...)
			d.t = t
			d.want(tt.path, tt.want)
			d.end(os.Interrupt)
		})
	}
}

// A user who may see one namespace only finds what is there.
func TestDashboardForAUserOfOneNamespace(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	c.Apply(grafana)
	c.WaitForRollouts()
	c.MapPort(c.Pod("app.kubernetes.io/name=grafana"), 3000, page(t, "grafana"))
	kubeconfig := c.User(rule("pods", "get", "list"), rule("pods/portforward", "get", "create"))
	d := openDashboard(t, kubeconfig, "grafana", "-n", c.Namespace)
	d.want("/", "grafana")
	d.end(os.Interrupt)

	r := runMeshctl(t, c.User(rule("pods", "get", "list")), "dashboard", "grafana", "-n", c.Namespace)
	r.want(t, 4)
	if !strings.Contains(r.stderr, "forbidden") || !strings.Contains(r.stderr, "portforward") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
}

func rule(resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{resource}, Verbs: verbs}
}
