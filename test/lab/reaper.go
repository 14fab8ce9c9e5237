package lab

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// reaperScript waits until the process at the other end of its input is gone,
// for whatever reason, and then removes all that is left of the lab.
const reaperScript = `
cat >/dev/null
for file in "$1"/pids/*; do
	[ -f "$file" ] && kill -KILL -- "-$(cat "$file")" 2>/dev/null
done
until rm -rf "$1"; do sleep 0.1; done
`

// reaper cleans up after the lab, also when the process that started the lab
// crashed or was killed: it lives in a session of its own and notices the end
// by the closing of a pipe.
type reaper struct {
	cmd   *exec.Cmd
	input io.WriteCloser
}

func startReaper(dir string) (*reaper, error) {
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "lab-reaper", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // out of reach of Ctrl-C
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the reaper of the lab: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the reaper of the lab: %w", err)
	}
	return &reaper{cmd: cmd, input: input}, nil
}

// reap has the lab's folder removed now and returns when it is gone.
func (r *reaper) reap() error {
	r.input.Close()
	if err := r.cmd.Wait(); err != nil {
		return fmt.Errorf("removing the folder of the lab: %w", err)
	}
	return nil
}
