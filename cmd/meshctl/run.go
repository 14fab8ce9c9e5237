package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// afterEnd is how long a command may take to clean up once it was interrupted
// or its time is over. Then it is left behind: something that blocks, such as
// a dead file system, must not keep the user waiting.
const afterEnd = 2 * time.Second

// run executes one command line and says how the process should end. args[0]
// is the name by which the program was called.
func run(ctx context.Context, e *env, args []string) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.ended = make(chan struct{})
	e.in = &endingReader{e.in, e.ended}
	e.args = args
	root := newRootCmd(e, programName(args[0]))
	root.SetArgs(args[1:])

	done := make(chan end, 1)
	go func() {
		cmd, err := root.ExecuteContextC(ctx)
		done <- end{cmd, err}
	}()
	ended := e.await(done)
	if ended.err != nil && ctx.Err() != nil {
		ended.err = errInterrupted
	}
	e.printError(root.DisplayName(), ended)
	return exitCode(ended.err)
}

// end is how a command ended, and which command it was where that is known.
type end struct {
	cmd *cobra.Command
	err error
}

// await returns when the command does, or else a moment after its context has
// ended.
func (e *env) await(done <-chan end) end {
	select {
	case ended := <-done:
		return ended
	case <-e.ended:
	}
	select {
	case ended := <-done:
		return ended
	case <-time.After(afterEnd):
		return end{err: errDeadline}
	}
}

// noDeadline is the annotation of commands that run until they are stopped,
// such as a dashboard. They bound their single steps by --timeout themselves.
const noDeadline = "meshctl/no-deadline"

// bound puts the command's context under the deadline of --timeout.
func (e *env) bound(cmd *cobra.Command) error {
	ctx := cmd.Context()
	timeout, err := cmd.Flags().GetDuration("timeout")
	if err != nil {
		return err
	}
	if timeout < 0 {
		return usagef("--timeout %s: a time cannot be negative (0 means no limit)", timeout)
	}
	if _, endless := cmd.Annotations[noDeadline]; timeout > 0 && !endless {
		bounded, cancel := context.WithTimeoutCause(ctx, timeout, errDeadline)
		context.AfterFunc(ctx, cancel) // run ends ctx, and so the timer
		ctx = bounded
		cmd.SetContext(ctx)
	}
	ended := e.ended
	context.AfterFunc(ctx, func() { close(ended) })
	return nil
}

// printError tells the user what went wrong; findings have been printed by
// the command that found them.
func (e *env) printError(program string, ended end) {
	err := ended.err
	switch {
	case err == nil, errors.Is(err, errFindings), errors.As(err, new(toldError)):
		return
	case errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errDeadline) && exitCode(err) != exitCluster:
		err = fmt.Errorf("%w (%w)", err, errDeadline)
	}
	fmt.Fprintf(e.err, "%s: %v\n", program, err)
	if exitCode(err) == exitUsage && ended.cmd != nil {
		fmt.Fprintf(e.err, "See `%s --help`.\n", ended.cmd.CommandPath())
	}
}

// programName is how help and examples call the program: as the user called
// it, be it as a plugin of kubectl or under its own name.
func programName(arg0 string) string {
	name := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	if plugin, isPlugin := strings.CutPrefix(name, "kubectl-"); isPlugin {
		return "kubectl " + strings.ReplaceAll(plugin, "_", "-")
	}
	return "meshctl"
}
