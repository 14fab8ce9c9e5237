package main

import "runtime"

// hasBrowser reports whether a browser that is opened now would be seen: the
// user sits at a terminal of a machine with a screen, not in a remote shell
// or a pipeline.
func (e *env) hasBrowser() bool {
	if !isTerminal(e.out) || !isTerminal(e.err) {
		return false
	}
	for _, name := range []string{"CI", "SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "KUBERNETES_SERVICE_HOST"} {
		if e.getenv(name) != "" {
			return false
		}
	}
	if runtime.GOOS != "linux" {
		return true
	}
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"} {
		if e.getenv(name) != "" {
			return true
		}
	}
	return false
}
