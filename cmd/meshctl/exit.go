package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/meshctl/meshctl/internal/kube"
)

// The exit codes of every command, whatever the output format.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFindings    = 3
	exitCluster     = 4
	exitInterrupted = 130
)

const exitCodesHelp = `Every command ends with one of these codes. The output format never changes the code.

    0    done
    1    failed
    2    wrong usage: unknown command or flag, bad value, a named file that cannot be opened,
         bad configuration
    3    findings at or above the threshold, a difference found, or a check not met
    4    the cluster cannot be reached, forbids what was asked, or failed to answer all of it
  130    interrupted (Ctrl-C, SIGTERM)`

// usageError is a mistake in how the command was called.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// incompleteError says that a cluster answered, but not all that was asked.
type incompleteError struct{ err error }

func (e incompleteError) Error() string { return e.err.Error() }
func (e incompleteError) Unwrap() error { return e.err }

// errFindings says that the command did its work and found something. What it
// found has been printed already.
var errFindings = errors.New("findings")

// toldError ends a command that has told all about it, so that nothing may be
// added.
type toldError struct{ code int }

func (e toldError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// errTold says that the command failed and has told so in a form for programs.
var errTold = toldError{exitFailed}

// errInterrupted is the cause with which a signal ends a command's context.
var errInterrupted = errors.New("interrupted")

// errDeadline is the cause with which --timeout ends a command's context.
var errDeadline = errors.New("the time given by --timeout is over")

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var usage usageError
	var access *kube.AccessError
	var told toldError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &told):
		return told.code
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &access), errors.As(err, new(incompleteError)):
		return exitCluster
	case errors.Is(err, errDeadline):
		return exitFailed
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errFindings):
		return exitFindings
	}
	return exitFailed
}
