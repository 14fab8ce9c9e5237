package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/proxyconfig/ztunnel"
)

// TestZtunnelConfig compares the tables over dumps of ztunnel with those of the peer.
func TestZtunnelConfig(t *testing.T) {
	passed := 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "misc")) {
		name := filepath.Base(dir)
		if !strings.HasPrefix(name, "ztunnel-") || name == "ztunnel-config" {
			continue
		}
		want, err := os.ReadFile(filepath.Join(dir, "expected.stdout"))
		args := strings.Fields(readText(t, filepath.Join(dir, "args")))
		args = slices.DeleteFunc(args, func(a string) bool { return a == "zc" || a == "ztunnel-config" })
		views := ztunnel.Views()
		at := slices.IndexFunc(views, func(v ztunnel.View) bool { return v.Name == args[0] })
		if err != nil || at < 0 || slices.Contains(args, "-o") {
			continue // mistakes, and the overview, which is the sum of the others
		}
		filter, file := ztunnel.Filter{Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}, ""
		for flag, value := range peerFlags(args[1:], "--raw") {
			switch flag {
			case "-f", "--file":
				file = value
			case "--workload-namespace", "--service-namespace", "--policy-namespace":
				filter.Namespace = value
			case "--workload-node":
				filter.Node = value
			case "--address":
				filter.Address = value
			case "--direction":
				filter.Direction = value
			case "--raw":
				filter.Raw = true
			default:
				t.Fatalf("%s: the corpus has a new flag %s", name, flag)
			}
		}
		in, err := os.Open(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		d, err := ztunnel.Read(in)
		in.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := views[at].Rows(d, filter)
		got := []string{squeeze(strings.Join(r.Columns, " "))}
		for _, row := range r.Rows {
			got = append(got, squeeze(strings.Join(row, " ")))
		}
		var lines []string
		for line := range strings.Lines(string(want)) {
			if line = squeeze(line); line != "" {
				lines = append(lines, line)
			}
		}
		if diff := cmp.Diff(lines, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
			continue
		}
		passed++
	}
	t.Logf("ztunnel: %d tables equal", passed)
}
