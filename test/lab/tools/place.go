package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
	"time"
)

// repositoryRoot returns the root of the repository that holds the working
// directory.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository of the lab: %w", err)
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "test", "lab", "tools", "etcd", "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("finding the repository of the lab: no folder above %s holds test/lab/tools; run inside a clone of meshctl", start)
		}
	}
}

// cacheDir is where builds are kept: outside of the clone, so that the next
// clone finds them, or inside of it for a user without a home.
func cacheDir(root string) string {
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "meshctl-lab")
	}
	if home := home(); home != "" {
		return filepath.Join(home, ".cache", "meshctl-lab")
	}
	return filepath.Join(root, ".lab", "cache")
}

// home is the user's home, "" if there is none. A service has one, but often no
// variable that says so; the go command needs it, too.
func home() string {
	if home, err := os.UserHomeDir(); err == nil {
		return home
	}
	me, err := user.Current()
	if err != nil {
		return ""
	}
	if _, err := os.Stat(me.HomeDir); err != nil {
		return ""
	}
	return me.HomeDir
}

// lock keeps other processes from building into the cache until the returned
// function is called. The system frees the lock of a process that dies.
func lock(ctx context.Context, cache string, talk io.Writer) (unlock func(), err error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("making the cache of the lab's tools: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the cache of the lab's tools: %w", err)
	}
	for told := false; ; {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w", file.Name(), err)
		}
		if !told {
			fmt.Fprintln(talk, "lab tools: waiting for another process that builds them")
			told = true
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("waiting for another process to build the lab's tools: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// links returns the links in the repository's .lab folder that lead to a build of
// the tool.
func (t tool) links(built string, set Set) map[string]string {
	links := map[string]string{filepath.Join(set.Share, t.name): filepath.Join(built, "share")}
	for name := range t.binaries {
		links[filepath.Join(set.Bin, name)] = filepath.Join(built, "bin", name)
	}
	return links
}

// isCurrent tells whether the tool is built and linked. Builds get their place
// when they are complete, so this holds without the lock.
func (t tool) isCurrent(moduleDir, cache string, set Set) bool {
	stamp, err := t.stamp(moduleDir)
	if err != nil {
		return false
	}
	for from, to := range t.links(filepath.Join(cache, stamp), set) {
		if target, err := os.Readlink(from); err != nil || target != to {
			return false
		}
	}
	_, err = os.Stat(filepath.Join(cache, stamp))
	return err == nil
}

// link makes the tool's build visible in the repository's .lab folder.
func (t tool) link(built string, set Set) error {
	for from, to := range t.links(built, set) {
		if current, err := os.Readlink(from); err == nil && current == to {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(from), 0o755); err != nil {
			return fmt.Errorf("linking tool %s: %w", t.name, err)
		}
		if err := os.RemoveAll(from); err != nil {
			return fmt.Errorf("linking tool %s: %w", t.name, err)
		}
		if err := os.Symlink(to, from); err != nil {
			return fmt.Errorf("linking tool %s: %w", t.name, err)
		}
	}
	return nil
}
