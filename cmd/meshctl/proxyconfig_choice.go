package main

import (
	"context"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
)

// proxyChoice says of which pods the proxies are meant: of those that are named, or of all with
// some labels.
type proxyChoice struct {
	pods       []string
	selector   string
	everywhere bool
}

func (c *proxyChoice) register(fs *pflag.FlagSet) {
	fs.StringVarP(&c.selector, "selector", "l", "", "the proxies of all pods with these `labels`")
	fs.BoolVarP(&c.everywhere, "all-namespaces", "A", false, "the proxies of all namespaces")
}

// chosen tells whether any pod is meant.
func (c *proxyChoice) chosen() bool { return len(c.pods) > 0 || c.selector != "" || c.everywhere }

// validate takes the arguments.
func (c *proxyChoice) validate(args []string) error {
	c.pods = args
	switch {
	case !c.chosen():
		return usagef("which proxy? name a pod or a workload, or labels with --selector")
	case len(c.pods) > 0 && (c.selector != "" || c.everywhere):
		return usagef("names of pods and --selector or --all-namespaces exclude each other")
	}
	return nil
}

// chosenPods finds the pods.
func (e *env) chosenPods(ctx context.Context, c proxyChoice) ([]*corev1.Pod, error) {
	return e.proxyPods(ctx, c.pods, c.selector, c.everywhere, false)
}
