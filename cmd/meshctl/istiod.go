package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/istiod"
)

// plaintextFlag is for commands that ask istiod.
func (e *env) plaintextFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&e.global.plaintext, "plaintext", false, "ask istiod in plain HTTP (within the port-forward), without a token")
}

// control is the control plane, or the istiods of one revision. It is asked over TLS with
// a token, if such a token can be had.
func (e *env) control(ctx context.Context, revision string) (*istiod.Control, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	control := istiod.New(cluster, e.global.istioNamespace, revisionSelector(revision))
	if e.global.plaintext || cluster.IsReplay() {
		return control, nil
	}
	if err := control.Secure(ctx, cluster); err != nil && ctx.Err() == nil {
		fmt.Fprintln(e.err, "note: istiod is asked without TLS (--plaintext asks so from the start):", err)
	}
	return control, nil
}
