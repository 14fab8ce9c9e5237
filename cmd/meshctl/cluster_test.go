package main

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestClusterIsChosenByTheGlobalFlags(t *testing.T) {
	e := &env{}
	e.global.kube = kube.Kubeconfig{File: kubetest.NewServer(t).Kubeconfig(), Namespace: "shop"}
	cluster, err := e.cluster()
	if err != nil || cluster.Context() != "test" || cluster.Namespace() != "shop" {
		t.Errorf("got %+v, %v", cluster, err)
	}
	if again, _ := e.cluster(); again != cluster {
		t.Error("the kubeconfig was read twice")
	}
}

func TestAClusterThatCannotBeAskedHasItsOwnExitCode(t *testing.T) {
	e := &env{}
	e.global.kube = kube.Kubeconfig{File: filepath.Join(t.TempDir(), "absent")}
	_, err := e.cluster()
	if err == nil || exitCode(err) != exitCluster {
		t.Errorf("got exit code %d for %v", exitCode(err), err)
	}
	if code := exitCode(errors.New("x")); code != exitFailed {
		t.Errorf("got %d", code)
	}
}
