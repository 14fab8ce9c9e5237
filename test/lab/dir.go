package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dirPrefix       = "meshctl-lab-"
	ownerFile       = "owner"       // holds the process id, locked as long as the owner lives
	interactiveFile = "interactive" // exists in labs that Down stops
)

// newDir makes the folder of a lab and locks it for this process.
func newDir(interactive bool) (dir string, owner *os.File, err error) {
	if dir, err = os.MkdirTemp("", dirPrefix); err != nil {
		return "", nil, fmt.Errorf("making the folder of the lab: %w", err)
	}
	fail := func(err error) (string, *os.File, error) {
		return "", nil, errors.Join(fmt.Errorf("making the folder of the lab: %w", err), os.RemoveAll(dir))
	}
	for _, folder := range []string{"pids", "logs"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			return fail(err)
		}
	}
	if interactive {
		if err := os.WriteFile(filepath.Join(dir, interactiveFile), nil, 0o644); err != nil {
			return fail(err)
		}
	}
	// Locked before it gets its name, so that nobody takes the lab for abandoned.
	nameless := filepath.Join(dir, ownerFile+".new")
	if owner, err = os.OpenFile(nameless, os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return fail(err)
	}
	if err := syscall.Flock(int(owner.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fail(err)
	}
	if _, err := fmt.Fprintln(owner, os.Getpid()); err != nil {
		return fail(err)
	}
	if err := os.Rename(nameless, filepath.Join(dir, ownerFile)); err != nil {
		return fail(err)
	}
	return dir, owner, nil
}

// abandoned tells whether the process that owned a lab's folder is gone.
func abandoned(dir string) bool {
	owner, err := os.Open(filepath.Join(dir, ownerFile))
	if err != nil {
		// Either not yet there, in a lab that just starts, or half removed.
		info, statErr := os.Stat(dir)
		return statErr == nil && errors.Is(err, fs.ErrNotExist) && time.Since(info.ModTime()) > time.Minute
	}
	defer owner.Close()
	return syscall.Flock(int(owner.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil
}

// sweep removes what is left of labs whose owner and reaper were both killed.
func sweep(temp string) error {
	dirs, err := filepath.Glob(filepath.Join(temp, dirPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if !abandoned(dir) {
			continue
		}
		pids, _ := filepath.Glob(filepath.Join(dir, "pids", "*"))
		for _, file := range pids {
			// The id may belong to a stranger by now: the lab's own programs
			// have its folder on their command line.
			if pid := readPID(file); pid > 0 && strings.Contains(commandLine(pid), dir) {
				_ = syscall.Kill(-pid, syscall.SIGKILL)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("removing the folder of a lab that has ended: %w", err)
		}
	}
	return nil
}

// Down stops the interactive labs of this user and returns how many there were.
func Down(ctx context.Context) (int, error) {
	marks, err := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*", interactiveFile))
	if err != nil {
		return 0, err
	}
	stopped := 0
	for _, mark := range marks {
		dir := filepath.Dir(mark)
		if abandoned(dir) {
			continue
		}
		if err := syscall.Kill(readPID(filepath.Join(dir, ownerFile)), syscall.SIGTERM); err != nil {
			return stopped, fmt.Errorf("stopping the lab in %s: %w", dir, err)
		}
		for !abandoned(dir) && exists(dir) {
			select {
			case <-ctx.Done():
				return stopped, fmt.Errorf("waiting for the lab in %s to end: %w", dir, ctx.Err())
			case <-time.After(50 * time.Millisecond):
			}
		}
		stopped++
	}
	return stopped, sweep(os.TempDir())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readPID returns the process id in a file, 0 if there is none.
func readPID(file string) int {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}

// commandLine returns how a process was called, "" where that cannot be seen.
func commandLine(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return string(data)
}
