// Command lab-tools builds the programs that the lab runs, unless they are
// current. It stands apart from command lab so that it builds in a second.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/meshctl/meshctl/test/lab/tools"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if _, err := tools.Ensure(ctx, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "lab-tools:", err)
		os.Exit(1)
	}
}
