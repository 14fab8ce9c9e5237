package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// What a lab has left whose owner and reaper were both killed is swept away,
// its processes included; a lab that lives and processes that have nothing to
// do with it are left alone.
func TestSweepRemovesOnlyWhatIsAbandoned(t *testing.T) {
	temp := t.TempDir()
	abandonedDir, liveDir := filepath.Join(temp, dirPrefix+"gone"), filepath.Join(temp, dirPrefix+"lives")
	for _, dir := range []string{abandonedDir, liveDir} {
		if err := os.MkdirAll(filepath.Join(dir, "pids"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ownerFile), []byte("1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	owner, err := os.Open(filepath.Join(liveDir, ownerFile))
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if err := syscall.Flock(int(owner.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	member, stranger := sleeper(t, abandonedDir), sleeper(t, temp)
	for name, cmd := range map[string]*exec.Cmd{"etcd": member, "kwok": stranger} {
		pid := []byte(strconv.Itoa(cmd.Process.Pid))
		if err := os.WriteFile(filepath.Join(abandonedDir, "pids", name), pid, 0o644); err != nil {
			t.Fatal(err)
		}
	}

	if err := sweep(temp); err != nil {
		t.Fatal(err)
	}
	if exists(abandonedDir) {
		t.Error("the folder of an abandoned lab is still there")
	}
	if !exists(liveDir) {
		t.Error("the folder of a lab that lives is gone")
	}
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		return // without /proc nobody can tell whose a process is, and none is killed
	}
	ended := make(chan struct{})
	go func() { _ = member.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("a process of an abandoned lab lives")
	}
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("a process that is no part of the lab was ended: %v", err)
	}
}

// sleeper runs a process with a text on its command line until the end of the test.
func sleeper(t *testing.T, text string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "while :; do sleep 1; done", text)
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	return cmd
}
