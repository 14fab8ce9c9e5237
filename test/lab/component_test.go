package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A program that ends at once, or hangs, is told of with the end of its log, and
// nothing of it is left.
func TestAProgramThatDoesNotGetReady(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"it ends at once", "echo no such luck; exit 3", "it ended: exit status 3"},
		{"it hangs", "trap '' TERM; echo no such luck; while :; do sleep 1; done", "context deadline exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &Lab{Dir: t.TempDir(), spawner: newSpawner()}
			defer l.spawner.close()
			if err := os.Mkdir(filepath.Join(l.Dir, "pids"), 0o755); err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(l.Dir, "envoy.log")
			var pid int
			c := &Component{lab: l, name: "envoy", grace: shortGrace, launch: func() (launch, error) {
				return launch{binary: "/bin/sh", args: []string{"-c", tt.script}, ready: func(context.Context) error {
					if pid == 0 {
						pid = readPID(filepath.Join(l.Dir, "pids", "envoy"))
					}
					return errors.New("it does not answer")
				}}, nil
			}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if tt.want == context.DeadlineExceeded.Error() {
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
			}
			err := c.Start(ctx)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "no such luck") || !strings.Contains(err.Error(), log) {
				t.Errorf("got %v, want %q, what the program said and where", err, tt.want)
			}
			if pid != 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				t.Errorf("process %d lives", pid)
			}
		})
	}
}
