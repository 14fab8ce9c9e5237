//go:build !linux

package lab

import "syscall"

// ownGroup puts a child into a process group of its own. Without Linux there is
// no signal for the death of a parent; the reaper has to do.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
