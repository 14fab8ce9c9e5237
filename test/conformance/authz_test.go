package conformance

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/proxyconfig/authz"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// TestAuthzCheck compares the policies that are found in a dump with the peer's
// table of `authz check`.
func TestAuthzCheck(t *testing.T) {
	right := 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "misc")) {
		name := filepath.Base(dir)
		if !strings.HasPrefix(name, "authz-check-") || name == "authz-check-missing-file" {
			continue
		}
		args := strings.Fields(readText(t, filepath.Join(dir, "args")))
		data, err := os.ReadFile(filepath.Join(dir, args[len(args)-1]))
		if err != nil {
			t.Fatal(err)
		}
		d, err := dump.Read(bytes.NewReader(data), authz.Reads)
		if err != nil {
			t.Fatal(err)
		}
		policies, err := authz.Policies(d)
		if err != nil {
			t.Fatal(err)
		}
		got := [][]string{{"ACTION", "AuthorizationPolicy", "RULES"}}
		for _, p := range policies {
			if !p.DryRun {
				got = append(got, []string{string(p.Action), p.Policy, strconv.Itoa(p.Rules)})
			}
		}
		var want [][]string
		for line := range strings.Lines(readText(t, filepath.Join(dir, "expected.stdout"))) {
			want = append(want, strings.Fields(line))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-peer +meshctl):\n%s", name, diff)
			continue
		}
		right++
	}
	if right < 4 {
		t.Errorf("only %d cases are equal", right)
	}
}
