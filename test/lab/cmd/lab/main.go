// Command lab runs a lab for a person: a Kubernetes control plane on this
// machine, with nodes and proxies simulated, to try meshctl on.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/meshctl/meshctl/test/lab"
)

const usage = `usage: lab up [-- COMMAND [ARG]...]
       lab down
       lab apply FILE...
       lab delete FILE...
       lab wait NAMESPACE...
       lab page TEXT
       lab fetch URL

up     starts a lab and keeps it until Ctrl-C; with a command, runs that with
       KUBECONFIG set and ends with it
down   stops the labs that up has started
apply  applies YAML files (- is standard input) to the cluster of KUBECONFIG
delete deletes what is in YAML files and waits until it is gone
wait   waits for the rollouts in namespaces of the cluster of KUBECONFIG
page   serves a text on a free port of loopback, whose number it prints, until
       it is stopped
fetch  prints what a URL answers
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, talk io.Writer) int {
	var err error
	switch {
	case len(args) == 1 && args[0] == "up":
		err = up(ctx, out, talk)
	case len(args) > 2 && args[0] == "up" && args[1] == "--":
		var code int
		if code, err = with(ctx, args[2:], talk); err == nil {
			return code
		}
	case len(args) == 1 && args[0] == "down":
		err = down(ctx, out)
	case len(args) > 1 && args[0] == "apply":
		err = withFiles(ctx, args[1:], lab.Apply)
	case len(args) > 1 && args[0] == "delete":
		err = withFiles(ctx, args[1:], lab.Delete)
	case len(args) == 2 && args[0] == "fetch":
		err = fetch(ctx, out, args[1])
	case len(args) > 1 && args[0] == "wait":
		err = wait(ctx, args[1:])
	case len(args) == 2 && args[0] == "page":
		err = page(ctx, out, args[1])
	default:
		fmt.Fprint(talk, usage)
		return 2
	}
	if err != nil {
		fmt.Fprintln(talk, "lab:", err)
		return 1
	}
	return 0
}

// up keeps a lab until the context ends.
func up(ctx context.Context, out, talk io.Writer) (err error) {
	l, err := lab.Start(ctx, lab.Options{Talk: talk, Interactive: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	fmt.Fprint(out, hints(l.Kubeconfig))
	<-ctx.Done()
	fmt.Fprintln(talk, "lab: stopping")
	return nil
}

func down(ctx context.Context, out io.Writer) error {
	stopped, err := lab.Down(ctx)
	if err != nil {
		return err
	}
	if stopped == 1 {
		fmt.Fprintln(out, "stopped 1 lab")
	} else {
		fmt.Fprintf(out, "stopped %d labs\n", stopped)
	}
	return nil
}
