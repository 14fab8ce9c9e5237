package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one running program of the lab, in a process group of its own.
type process struct {
	name    string
	log     string // path
	pidFile string
	cmd     *exec.Cmd
	exited  chan struct{} // closed when the program has ended
	err     error         // how it ended; valid once exited is closed
	stopped sync.Once
}

// startProcess runs a program until it is stopped or the lab's process ends.
// Its output goes to NAME.log in the lab's folder and, for one that stands for a
// container, to the container's log.
func (l *Lab) startProcess(name string, how launch, containerLog string) (*process, error) {
	p := &process{
		name:    name,
		log:     filepath.Join(l.Dir, name+".log"),
		pidFile: filepath.Join(l.Dir, "pids", name),
		exited:  make(chan struct{}),
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	var output io.Writer = log
	closeLog := func() { log.Close() }
	if containerLog != "" {
		stamped, err := openCRILog(log, containerLog)
		if err != nil {
			log.Close()
			return nil, err
		}
		output, closeLog = stamped, stamped.close
	}
	p.cmd = exec.Command(how.binary, how.args...)
	p.cmd.Dir = l.Dir
	p.cmd.WaitDelay = time.Second // for output that somebody else holds open
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.Dir, "TMPDIR=" + l.Dir}, how.env...)
	p.cmd.Stdout, p.cmd.Stderr = output, output
	p.cmd.SysProcAttr = ownGroup()
	if err := l.spawner.start(p.cmd); err != nil {
		closeLog()
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	if err := os.WriteFile(p.pidFile, []byte(strconv.Itoa(p.cmd.Process.Pid)+"\n"), 0o644); err != nil {
		p.kill()
		closeLog()
		return nil, fmt.Errorf("noting the process id of %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		closeLog()
		os.Remove(p.pidFile)
		close(p.exited)
	}()
	return p, nil
}

// stop ends the program: politely, and after the grace by force.
func (p *process) stop(grace time.Duration) {
	p.stopped.Do(func() {
		p.signal(syscall.SIGCONT)
		p.signal(syscall.SIGTERM)
		select {
		case <-p.exited:
		case <-time.After(grace):
			p.kill()
		}
	})
	<-p.exited
}

func (p *process) kill() { p.signal(syscall.SIGKILL) }

// signal reaches the program and whatever it started.
func (p *process) signal(s syscall.Signal) {
	_ = syscall.Kill(-p.cmd.Process.Pid, s) // a process that is gone needs no signal
}

// errPortTaken says that a program ended because somebody took its port
// between the moment it was found free and its start.
var errPortTaken = errors.New("address already in use")

// endedError says that a program ended instead of getting ready.
type endedError struct {
	name, log, tail string
	how             error
	code            int // its exit code, -1 after a signal
}

func (e *endedError) Error() string {
	return fmt.Sprintf("waiting for %s to become ready: it ended: %v; the end of %s:\n%s", e.name, e.how, e.log, e.tail)
}

// waitReady polls until ready returns nil. It gives up when the program ends
// or the context does, and then shows the end of the program's log.
func (p *process) waitReady(ctx context.Context, ready func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := ready(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			tail := p.tail()
			if strings.Contains(tail, errPortTaken.Error()) {
				return fmt.Errorf("starting %s: %w", p.name, errPortTaken)
			}
			return &endedError{name: p.name, how: p.err, code: p.cmd.ProcessState.ExitCode(), log: p.log, tail: tail}
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to become ready: %w; last attempt: %v; the end of %s:\n%s", p.name, ctx.Err(), err, p.log, p.tail())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// tail returns the last lines of the program's log.
func (p *process) tail() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return tail(string(data))
}
