// Command meshctl is the command line for people who run an Istio service
// mesh. Under the name kubectl-mesh it is the kubectl plugin "kubectl mesh".
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"k8s.io/klog/v2"
)

func main() {
	// client-go writes what goes wrong on the wire to stderr by itself; what the
	// user has to know of it is in the commands' errors.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program however busy it is
	if os.Getenv("GOGC") == "" {
		// A command lives for a second: a tenth more work of the collector is
		// nobody's loss, and half of the garbage at its peak is much memory.
		debug.SetGCPercent(50)
	}
	code := run(ctx, processEnv(), os.Args)
	stop()
	os.Exit(code)
}
