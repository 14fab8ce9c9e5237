package lab

import (
	"os/exec"
	"runtime"
)

// spawner starts all programs of a lab from one thread that lives as long as
// the lab does: on Linux the death signal of a child is bound to the thread
// that started it, and Go ends threads when it likes.
type spawner struct {
	requests chan func()
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread() // the thread lives on
		for request := range s.requests {
			request()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error)
	s.requests <- func() { result <- cmd.Start() }
	return <-result
}

// close ends the spawner. All programs must have been stopped.
func (s *spawner) close() { close(s.requests) }
