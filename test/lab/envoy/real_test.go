package envoy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// ENVOY_BIN comes before what is on PATH, and set to nothing it has proxies
// simulated; one that cannot be run is an error and no reason to simulate.
func TestWhichEnvoyIsRun(t *testing.T) {
	dir := t.TempDir()
	installed, own := filepath.Join(dir, "envoy"), filepath.Join(dir, "my-envoy")
	for _, file := range []string{installed, own} {
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, path, variable string
		unset                bool
		want, problem        string
	}{
		{name: "nothing is installed", path: t.TempDir(), unset: true},
		{name: "one is installed", path: dir, unset: true, want: installed},
		{name: "one is named", path: dir, variable: own, want: own},
		{name: "none is wanted", path: dir, variable: ""},
		{name: "the one that is named is not there", path: dir, variable: own + "x", problem: BinaryVariable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			t.Setenv(BinaryVariable, tt.variable)
			if tt.unset {
				os.Unsetenv(BinaryVariable)
			}
			got, err := FindBinary()
			if got != tt.want || (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// A real Envoy finds istiod and its certificates at the agent, and takes no port
// of the machine by itself.
func TestTheBootstrapOfARealEnvoy(t *testing.T) {
	node := &corev3.Node{Id: "sidecar~10.0.0.1~web.shop~shop.svc.cluster.local", Cluster: "web.shop"}
	bootstrap, err := Bootstrap(node, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "envoy-") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	around, err := Prepare(Config{Bootstrap: bootstrap, AdminAddress: "127.0.0.1:0"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer around.Close()
	args, err := around.Args(19000)
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.Index(args, "--service-node"); i < 0 || args[i+1] != node.GetId() {
		t.Errorf("arguments %q do not name the node", args)
	}
	data, err := os.ReadFile(args[slices.Index(args, "-c")+1])
	if err != nil {
		t.Fatal(err)
	}
	written := &bootstrapv3.Bootstrap{}
	if err := protojson.Unmarshal(data, written); err != nil {
		t.Fatal(err)
	}
	if got := written.GetAdmin().GetAddress().GetSocketAddress(); got.GetAddress() != "127.0.0.1" || got.GetPortValue() != 19000 {
		t.Errorf("admin port %v", got)
	}
	for _, l := range written.GetStaticResources().GetListeners() {
		if got := l.GetAddress().GetSocketAddress(); got.GetAddress() != "127.0.0.1" || got.GetPortValue() != 0 {
			t.Errorf("listener %s is at %v", l.GetName(), got)
		}
	}
	pipes := 0
	for _, c := range written.GetStaticResources().GetClusters() {
		for _, group := range c.GetLoadAssignment().GetEndpoints() {
			if pipe := group.GetLbEndpoints()[0].GetEndpoint().GetAddress().GetPipe(); pipe != nil {
				pipes++
				if pipe.GetPath() != filepath.Join(dir, "agent") {
					t.Errorf("cluster %s leads to %s", c.GetName(), pipe.GetPath())
				}
			}
		}
	}
	if pipes != 2 {
		t.Errorf("%d clusters lead to the agent, want those of istiod and of the certificates", pipes)
	}
}
