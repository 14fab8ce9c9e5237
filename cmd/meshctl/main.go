// Command meshctl is the command line for people who run an Istio service
// mesh. Under the name kubectl-mesh it is the kubectl plugin "kubectl mesh".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program however busy it is
	code := run(ctx, processEnv(), os.Args)
	stop()
	os.Exit(code)
}
