package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// rootCAAnswer is what rootca-compare found.
type rootCAAnswer struct {
	Proxies []string `json:"proxies"`
	Same    bool     `json:"same"`
}

func newProxyRootCACmd(e *env, runF func(context.Context, []string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rootca-compare A B",
		Aliases: []string{"rc"},
		Short:   "Tell whether two proxies trust a common certificate authority",
		Long: `Tell whether two proxies trust a common certificate authority. Without one neither
takes the other's certificate, and no mutual TLS is possible between them.

The exit code is 3 if they have none in common.`,
		Example: "  # Two pods\n  meshctl proxy-config rootca-compare frontend-7c9d.shop catalog-v1-5d9f.shop\n\n  # Two dumps\n  meshctl proxy-config rootca-compare a.json b.json",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if runF != nil {
				return runF(cmd.Context(), args)
			}
			return runProxyRootCA(cmd.Context(), e, args)
		},
	}
	return cmd
}

func runProxyRootCA(ctx context.Context, e *env, args []string) error {
	sides, err := e.readSides(ctx, args, dump.Secrets)
	if err != nil {
		return err
	}
	same, err := proxyconfig.SameRootCA(sides[0], sides[1])
	if err != nil {
		return fmt.Errorf("comparing the root certificates of %s and %s: %w", args[0], args[1], err)
	}
	answer := rootCAAnswer{Proxies: args, Same: same}
	switch e.global.output {
	case printer.JSON, printer.YAML:
		err = printer.Print(e.out, e.global.output, printer.Report{Data: answer})
	default:
		text := "have no root certificate in common: mutual TLS between them will fail"
		if same {
			text = "trust a common root certificate: mutual TLS between them is possible"
		}
		_, err = fmt.Fprintf(e.out, "%s and %s %s\n", args[0], args[1], text)
	}
	if err == nil && !same {
		err = errFindings
	}
	return err
}
