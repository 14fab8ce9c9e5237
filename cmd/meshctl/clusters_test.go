package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// twoClusters writes a kubeconfig with the contexts blue, green and dead: two
// clusters with a tag each, and an address at which nobody listens.
func twoClusters(t *testing.T) string {
	t.Helper()
	all := clientcmdapi.NewConfig()
	for _, name := range []string{"blue", "green"} {
		server := kubetest.NewServer(t, `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-`+name+`, labels: {istio.io/rev: 1-31, istio.io/tag: `+name+`-tag}}
`)
		one, err := clientcmd.LoadFromFile(server.Kubeconfig())
		if err != nil {
			t.Fatal(err)
		}
		all.Clusters[name] = one.Clusters[one.Contexts["test"].Cluster]
		all.Contexts[name] = &clientcmdapi.Context{Cluster: name}
	}
	all.Clusters["dead"] = &clientcmdapi.Cluster{Server: "http://127.0.0.1:1"}
	all.Contexts["dead"] = &clientcmdapi.Context{Cluster: "dead"}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*all, file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOneQuestionToSeveralClusters(t *testing.T) {
	file := twoClusters(t)
	ask := func(args ...string) outcome { return meshctl(testEnv(t, ""), append(args, "--kubeconfig", file)...) }

	out := ask("tag", "list", "--context", "green", "--context", "blue")
	want := "context green\nTAG         REVISION   NAMESPACES\ngreen-tag   1-31\n\ncontext blue\nTAG        REVISION   NAMESPACES\nblue-tag   1-31\n"
	if out.code != exitOK || out.stdout != want || out.stderr != "" {
		t.Errorf("two contexts: %+v\nwant %q", out, want)
	}
	out = ask("tag", "list", "--context", "green", "--context", "blue", "--context", "green", "-o", "name")
	if out.stdout != "green green-tag\nblue blue-tag\n" {
		t.Errorf("names: %+v", out)
	}

	// One that is dead is reported, decides the exit code, and hides nothing.
	out = ask("tag", "list", "--all-contexts", "-o", "json")
	var answers []struct {
		Context  string
		ExitCode int
		Answer   []struct{ Tag string }
		Error    string
	}
	if err := json.Unmarshal([]byte(out.stdout), &answers); err != nil {
		t.Fatalf("%v: %s", err, out.stdout)
	}
	if out.code != exitCluster || len(answers) != 3 || answers[0].Answer[0].Tag != "blue-tag" || answers[2].Answer[0].Tag != "green-tag" {
		t.Errorf("all contexts: %+v", out)
	}
	if dead := answers[1]; dead.Context != "dead" || dead.ExitCode != exitCluster || dead.Answer != nil || !strings.Contains(dead.Error, "127.0.0.1:1") {
		t.Errorf("the dead cluster: %+v", dead)
	}
	out = ask("tag", "list", "--all-contexts")
	if out.code != exitCluster || !strings.Contains(out.stderr, "dead: meshctl: ") || strings.Contains(out.stdout, "context dead") || !strings.Contains(out.stdout, "green-tag") {
		t.Errorf("all contexts as text: %+v", out)
	}

	out = ask("wait", "Service/nosuch", "--context", "blue", "--context", "green")
	for _, name := range []string{"blue: meshctl: Service default/nosuch is not in the cluster", "green: meshctl: Service default/nosuch"} {
		if out.code != exitFailed || !strings.Contains(out.stderr, name) {
			t.Errorf("wait in two clusters: %+v", out)
		}
	}
	for _, wrong := range [][]string{
		{"wait", "-f", "-", "--context", "blue", "--context", "green"},
		{"uninstall", "--purge", "--yes", "--context", "blue", "--context", "green"},
		{"install", "--yes", "--all-contexts"},
		{"tag", "list", "--all-contexts", "--context", "blue"},
		{"tag", "list", "--all-contexts", "--from", "x.tar.zst"},
		{"check", "--all-contexts", "-x", "nonsense"},
	} {
		out := ask(wrong...)
		if out.code != exitUsage || strings.Count(out.stderr, "\nSee `") > 1 {
			t.Errorf("%v: %+v", wrong, out)
		}
	}
}

// The last context that is given is that of a command for one cluster, and a
// configuration file may hold a list.
func TestContextsOfTheConfigurationFile(t *testing.T) {
	file := twoClusters(t)
	e := testEnv(t, "")
	config := filepath.Join(e.getenv("XDG_CONFIG_HOME"), "meshctl")
	if err := os.MkdirAll(config, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "config.yaml"), []byte("context: [blue, green]\nkubeconfig: "+file+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := meshctl(e, "tag", "list", "-o", "name")
	if out.code != exitOK || out.stdout != "blue blue-tag\ngreen green-tag\n" {
		t.Errorf("%+v", out)
	}
}
