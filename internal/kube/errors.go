package kube

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
)

// Reason says why a cluster could not be asked.
type Reason string

// The reasons of an AccessError.
const (
	BadConfig    Reason = "bad kubeconfig"
	Unreachable  Reason = "unreachable"
	Unauthorized Reason = "unauthorized"
	Forbidden    Reason = "forbidden"
)

// AccessError reports that the cluster could not be asked at all, as opposed
// to an answer that was not the wanted one.
type AccessError struct {
	Context string // the kubeconfig's context, may be empty
	Server  string // the API server's address, empty for BadConfig
	Doing   string // what was being done: "listing pods in namespace default"
	Reason  Reason
	Next    string // what the user can do about it
	Err     error
}

// Error names the work, the cluster, the cause and the next step.
func (e *AccessError) Error() string {
	var b strings.Builder
	b.WriteString(e.Doing)
	if e.Server != "" {
		fmt.Fprintf(&b, ": cluster %s", e.Server)
		if e.Context != "" {
			fmt.Fprintf(&b, " (context %q)", e.Context)
		}
	}
	fmt.Fprintf(&b, ": %v; %s", e.Err, e.Next)
	return b.String()
}

// Unwrap gives the cause.
func (e *AccessError) Unwrap() error { return e.Err }

// Is lets errors.Is(err, context.Canceled) see an interrupted request.
func (e *AccessError) Is(target error) bool { return errors.Is(e.Err, target) }

// podError is a failure of the pod itself or of its kubelet, reported over a
// working connection to the cluster.
type podError struct{ problem string }

func (e podError) Error() string { return e.problem }

// IsNotFound reports that the API server knows no such object.
func IsNotFound(err error) bool { return apierrors.IsNotFound(err) }

// wrap turns an error of a request into one for the user. An answer of the
// API server other than 401 and 403 keeps its type below the message.
func (c *Cluster) wrap(ctx context.Context, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	doing := fmt.Sprintf(format, args...)
	access := &AccessError{Context: c.context, Server: c.config.Host, Doing: doing, Err: err}
	var already *AccessError
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &already):
		return err
	case errors.As(err, new(podError)):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", doing, context.Canceled)
	case apierrors.IsForbidden(err):
		access.Reason = Forbidden
		access.Next = "ask for the missing right, or use another --context or --as"
	case apierrors.IsUnauthorized(err):
		access.Reason = Unauthorized
		access.Next = "log in to the cluster again; the credentials are missing or have expired"
	case errors.As(err, &status) && status.Status().Code != 0 && !apierrors.IsTimeout(err) && !apierrors.IsServiceUnavailable(err):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		access.Reason, access.Err = Unreachable, timeoutError{err}
		access.Next = "check that the API server is up and reachable (VPN, proxy, firewall), or raise --timeout"
	case errors.As(err, &status) && status.Status().Code != 0:
		access.Reason = Unreachable
		access.Next = "try again in a moment: the API server, or what it asks in turn, is overloaded or restarting"
	default:
		access.Reason, access.Err = Unreachable, plainNetworkError(err)
		access.Next = "check the server's address in the kubeconfig, the network and --context"
	}
	return access
}

// timeoutError replaces the several texts that a passed deadline can have.
type timeoutError struct{ cause error }

func (timeoutError) Error() string   { return "no answer in time" }
func (e timeoutError) Unwrap() error { return e.cause }

// plainNetworkError drops the `Get "https://...":` that net/http puts in
// front, since AccessError names server and work itself.
func plainNetworkError(err error) error {
	var wrapped interface{ Unwrap() error }
	for cause := err; errors.As(cause, &wrapped); {
		var op *net.OpError
		if errors.As(cause, &op) {
			return op
		}
		next := wrapped.Unwrap()
		if next == nil {
			return cause
		}
		cause = next
		if _, more := cause.(interface{ Unwrap() error }); !more {
			return cause
		}
	}
	return err
}

func configError(contextName, files string, err error) error {
	doing := "reading the kubeconfig"
	if files != "" && !strings.Contains(err.Error(), files) {
		doing += " " + files
	}
	next := "check the file, or choose another one with --kubeconfig or KUBECONFIG"
	switch {
	case clientcmd.IsEmptyConfig(err):
		err = errors.New("it defines no cluster")
		if !anyExists(filepath.SplitList(files)) {
			err = fs.ErrNotExist
		}
		next = "name a kubeconfig with --kubeconfig or KUBECONFIG"
	}
	return &AccessError{Context: contextName, Doing: doing, Reason: BadConfig, Next: next, Err: err}
}

func anyExists(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		_, err := os.Stat(file)
		return err == nil
	})
}
