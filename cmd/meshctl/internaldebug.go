package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/istiod"
	"github.com/meshctl/meshctl/internal/printer"
)

type internalDebugOptions struct {
	page     string
	pod      string
	list     bool
	all      bool
	revision string
}

func newInternalDebugCmd(e *env, runF func(context.Context, *internalDebugOptions) error) *cobra.Command {
	o := &internalDebugOptions{}
	cmd := &cobra.Command{
		Use:     "internal-debug PAGE [POD | TYPE/NAME]",
		GroupID: groupProxies,
		Short:   "Show a debug page of istiod",
		Long: `Show one of istiod's debug pages by its name: what it knows, whom it serves, what it
would send. With a pod, the page about its proxy, from the istiod that it is connected to.

All istiods are asked at the same time. Of their answers the first is shown, or with --all
each one under the name of its istiod. What istiod itself does not call stable is not
stable here either.`,
		Example: `  # Which pages are there?
  meshctl internal-debug --list

  # Whom does each istiod serve?
  meshctl internal-debug syncz --all

  # What would istiod send to a proxy, and which endpoints?
  meshctl internal-debug config_dump deploy/catalog -n shop
  meshctl internal-debug 'edsz?proxyID=catalog-v1-5d9f.shop'`,
		Annotations:       map[string]string{severalClusters: ""},
		Args:              usageArgs(cobra.MaximumNArgs(2)),
		ValidArgsFunction: e.completeDebug,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && !o.list:
				return usagef("which page? --list names them")
			case len(args) > 0 && o.list:
				return usagef("a page and --list exclude each other")
			case len(args) == 2 && strings.Contains(args[0], "proxyID="):
				return usagef("the proxy is named twice: in %q and by %q", args[0], args[1])
			}
			if len(args) > 0 {
				o.page = strings.TrimPrefix(strings.TrimPrefix(args[0], "/"), "debug/")
			}
			if len(args) == 2 {
				o.pod = args[1]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runInternalDebug(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd)
	e.plaintextFlag(cmd)
	e.xdsFlags(cmd)
	fs := cmd.Flags()
	fs.BoolVarP(&o.list, "list", "L", false, "list the pages")
	fs.BoolVar(&o.all, "all", false, "show the answers of all istiods")
	fs.StringVarP(&o.revision, "revision", "r", "", "ask only the istiods of this `revision`")
	return cmd
}

// completeDebug completes pages that every istiod has, and the proxies for them.
func (e *env) completeDebug(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"adsz", "authorizationz", "cachez", "clusterz", "config_dump", "configz", "connections", "ecdsz", "edsz", "endpointShardz", "inject",
			"instancesz", "mcsz", "mesh", "ndsz", "networkz", "push_status", "registryz", "resourcesz", "sidecarz", "syncz", "telemetryz"}, cobra.ShellCompDirectiveNoFileComp
	}
	return e.completeWorkloads(cmd, args[1:], text)
}

func runInternalDebug(ctx context.Context, e *env, o *internalDebugOptions) error {
	control, err := e.control(ctx, o.revision)
	if err != nil {
		return err
	}
	page := o.page
	if o.list {
		page = "list"
	}
	if o.pod != "" {
		pods, err := e.proxyPods(ctx, []string{o.pod}, "", false, false)
		if err != nil {
			return err
		}
		page += map[bool]string{true: "&", false: "?"}[strings.Contains(page, "?")] + "proxyID=" + url.QueryEscape(pods[0].Name+"."+pods[0].Namespace)
	}
	answers, err := control.AskAll(ctx, "/debug/"+page)
	if err != nil {
		return err
	}
	good := slices.DeleteFunc(slices.Clone(answers), func(a istiod.Answer) bool { return a.Err != nil })
	if len(good) == 0 {
		return pageError(ctx, control, page, answers)
	}
	switch {
	case o.list:
		return e.printPages(good[0].Body)
	case !o.all:
		if len(answers) > 1 && !strings.Contains(page, "proxyID=") {
			fmt.Fprintf(e.err, "note: this is what %s says, one of %d istiods; --all shows them all\n", good[0].Name(), len(answers))
		}
		return e.printPage(debugPage(good[0].Body))
	}
	all, failed := map[string]any{}, false
	for _, a := range answers {
		if a.Err != nil {
			fmt.Fprintln(e.err, "error:", a.Err)
			failed = true
			continue
		}
		all[a.Name()] = debugPage(a.Body)
	}
	if err := e.printPage(all); err != nil {
		return err
	}
	// Of a page about one proxy, all istiods but one have to say that they do not know it.
	if failed && !strings.Contains(page, "proxyID=") {
		return errSomeIstiods
	}
	return nil
}

// debugPage is JSON as it is, and any other text as a string.
func debugPage(body []byte) any {
	if json.Valid(body) {
		return json.RawMessage(body)
	}
	return string(body)
}

// printPage shows JSON as JSON or YAML, and a text as it is.
func (e *env) printPage(page any) error {
	if text, ok := page.(string); ok && e.global.output != printer.JSON && e.global.output != printer.YAML {
		_, err := fmt.Fprintln(e.out, strings.TrimRight(text, "\n"))
		return err
	}
	if raw, ok := page.(json.RawMessage); ok && e.global.output != printer.YAML {
		var out bytes.Buffer
		if err := json.Indent(&out, raw, "", "  "); err != nil {
			return err
		}
		_, err := fmt.Fprintln(e.out, out.String())
		return err
	}
	if e.global.output == printer.YAML {
		return printer.PrintYAML(e.out, page)
	}
	return printer.PrintJSON(e.out, page)
}

// printPages lists the names of the pages.
func (e *env) printPages(body []byte) error {
	pages := []string{}
	if err := json.Unmarshal(body, &pages); err != nil {
		return fmt.Errorf("reading istiod's list of debug pages: %w", err)
	}
	r := printer.Report{Columns: printer.Columns("PAGE"), Data: pages, Names: pages}
	for _, page := range pages {
		r.Rows = append(r.Rows, []string{page})
	}
	return printer.Print(e.out, e.global.output, r)
}

// pageError says why no istiod has the page: because there is none of that name, because it
// is about a proxy, or what went wrong.
func pageError(ctx context.Context, control *istiod.Control, page string, answers []istiod.Answer) error {
	var failures []error
	for _, a := range answers {
		failures = append(failures, a.Err)
	}
	err := errors.Join(failures...)
	switch text := err.Error(); {
	case strings.Contains(text, "must provide a proxyID"):
		return usagef("the page %s is about one proxy; name its pod: internal-debug %s POD", page, page)
	case strings.Contains(text, "not connected to this Pilot"):
		return fmt.Errorf("no istiod knows the proxy; is it connected? %w", err)
	case !strings.Contains(text, "404"):
		return err
	}
	lists, listErr := control.AskAll(ctx, "/debug/list")
	if listErr != nil || lists[0].Err != nil {
		return err
	}
	var names []string
	_ = json.Unmarshal(lists[0].Body, &names) // without names the error says less
	return usagef("istiod has no debug page %q; it has %s", page, strings.Join(names, ", "))
}
