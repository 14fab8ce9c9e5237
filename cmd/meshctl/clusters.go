package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/printer"
)

// severalClusters is the annotation of commands whose question makes sense for
// several clusters at once: those that look at a mesh as a whole.
const severalClusters = "meshctl/several-clusters"

// chooseContext settles which clusters are asked, before anything is.
func (e *env) chooseContext(cmd *cobra.Command) error {
	g := &e.global
	if e.onlyContext != "" {
		g.contexts, g.allContexts, g.kube.Context = []string{e.onlyContext}, false, e.onlyContext
		return nil
	}
	several := len(g.contexts) > 1 || g.allContexts
	_, can := cmd.Annotations[severalClusters]
	switch {
	case !several:
		return nil
	case !can:
		return usagef("`%s` works in one cluster; give one --context", cmd.CommandPath())
	case g.allContexts && len(g.contexts) > 0:
		return usagef("--all-contexts asks every cluster of the kubeconfig; leave out --context")
	case g.from != "":
		return usagef("--from stands for one cluster; leave out --context and --all-contexts")
	case !g.allContexts:
		return nil
	}
	var err error
	if g.contexts, err = g.kube.Contexts(); err != nil {
		return err
	}
	if len(g.contexts) == 0 {
		return usagef("--all-contexts: the kubeconfig has no contexts")
	}
	return nil
}

// inClusters lets a command answer for each of the clusters that it is asked
// about.
func (e *env) inClusters(one func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		names := e.global.contexts
		if len(names) < 2 && !e.global.allContexts {
			return one(cmd, args)
		}
		answers := make([]clusterAnswer, len(names))
		var work sync.WaitGroup
		for i, name := range names {
			work.Go(func() { answers[i] = e.askCluster(cmd.Context(), name) })
		}
		work.Wait()
		return e.printClusters(answers)
	}
}

// clusterAnswer is what the command says of one cluster.
type clusterAnswer struct {
	context  string
	code     int
	out, err bytes.Buffer
}

// askCluster runs the whole command line once more, for one cluster and into
// buffers, so that it says exactly what it says alone.
func (e *env) askCluster(ctx context.Context, name string) (a clusterAnswer) {
	a.context = name
	alone := &env{
		in: strings.NewReader(""), out: &a.out, err: &a.err,
		now: e.now, getenv: e.getenv, browse: e.browse, onlyContext: name,
	}
	a.code = run(ctx, alone, e.args)
	return a
}

// printClusters prints one answer after the other, and ends with the code that
// weighs most.
func (e *env) printClusters(answers []clusterAnswer) error {
	worst := exitOK
	for _, a := range answers {
		if a.code == exitUsage { // a mistake in the command line is the same for all
			_, _ = io.Copy(e.err, &a.err)
			return toldError{exitUsage}
		}
		if weight(a.code) > weight(worst) {
			worst = a.code
		}
	}
	var err error
	switch e.global.output {
	case printer.JSON:
		err = printer.PrintJSON(e.out, documents(answers, json.Unmarshal))
	case printer.YAML:
		err = printer.PrintYAML(e.out, documents(answers, func(data []byte, v any) error { return yaml.Unmarshal(data, v) }))
	default:
		err = e.printTexts(answers)
	}
	if err != nil || worst == exitOK {
		return err
	}
	return toldError{worst}
}

// weight orders exit codes: what could not be asked counts more than what was
// found.
func weight(code int) int {
	return slices.Index([]int{exitOK, exitFindings, exitFailed, exitCluster, exitInterrupted}, code)
}

// clusterDocument is the answer of a cluster in a form for programs.
type clusterDocument struct {
	Context  string `json:"context"`
	ExitCode int    `json:"exitCode"`
	Answer   any    `json:"answer"`          // what the command prints for one cluster; null for nothing
	Error    string `json:"error,omitempty"` // what it says besides
}

func documents(answers []clusterAnswer, decode func([]byte, any) error) []clusterDocument {
	all := []clusterDocument{}
	for _, a := range answers {
		d := clusterDocument{Context: a.context, ExitCode: a.code, Error: strings.TrimSpace(a.err.String())}
		if err := decode(a.out.Bytes(), &d.Answer); err != nil && a.out.Len() > 0 {
			d.Answer = a.out.String()
		}
		all = append(all, d)
	}
	return all
}

// printTexts prints what people read: the answers under the names of their
// contexts, and what was said besides behind them.
func (e *env) printTexts(answers []clusterAnswer) error {
	gap := ""
	for _, a := range answers {
		for line := range strings.Lines(a.err.String()) {
			fmt.Fprintf(e.err, "%s: %s", a.context, line)
		}
		if e.global.output == printer.Name {
			for line := range strings.Lines(a.out.String()) {
				if _, err := fmt.Fprintf(e.out, "%s %s", a.context, line); err != nil {
					return err
				}
			}
			continue
		}
		if a.out.Len() == 0 {
			continue // it has said why on stderr
		}
		if _, err := fmt.Fprintf(e.out, "%scontext %s\n%s", gap, a.context, &a.out); err != nil {
			return err
		}
		gap = "\n"
	}
	return nil
}
