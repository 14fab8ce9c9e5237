package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/pkg/install"
)

// wantedAddons is what a change leads to.
type wantedAddons struct {
	options addons.Options
	// touch names the addons whose objects are applied or removed; those of
	// others stay as they are. None is all.
	touch []string
	keep  func(*install.Object) bool // what is not removed though it is not wanted
	// removes tells that nothing is to be waited for but the end of things.
	removes bool
	// after is told to the user when it is done.
	after []string
}

func (w *wantedAddons) plan(ctx context.Context, cluster meshCluster, have *installedAddons) (*install.Plan, error) {
	rendered, err := addons.Render(w.options)
	if err != nil {
		return nil, err
	}
	bundle := install.Bundle{
		Label: addons.NameLabel, Selector: addons.Selector(w.options.Namespace), Keep: w.keep,
	}
	if len(rendered) > 0 && !have.namespace {
		bundle.Objects = append(bundle.Objects, install.NewObject("namespace", map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": w.options.Namespace},
		}))
	}
	if len(w.touch) > 0 {
		bundle.Selector += "," + addons.NameLabel + " in (" + strings.Join(w.touch, ",") + ")"
	}
	for _, o := range rendered {
		if len(w.touch) == 0 || slices.Contains(w.touch, o.Addon) {
			bundle.Objects = append(bundle.Objects, install.NewObject(o.Addon, o.Content))
		}
	}
	plan, err := install.PlanBundle(ctx, cluster, bundle)
	var foreign *install.ForeignError
	if errors.As(err, &foreign) {
		return nil, fmt.Errorf("%w\nit was not installed by `meshctl addons` (by Istio's samples or a chart?); remove it first, or choose another namespace with -n", err)
	}
	return plan, err
}

func conflictsOf(conflicts []install.Conflict) error {
	return fmt.Errorf("%w\n--force-conflicts takes them over", &install.ConflictError{Conflicts: conflicts})
}

func (o *addonsChange) carryOut(ctx context.Context, e *env, cluster meshCluster, plan *install.Plan, w *wantedAddons) error {
	progress := newProgress(e)
	result, err := install.Run(ctx, cluster, plan, install.RunOptions{
		ForceConflicts: o.forceConflicts, NoWait: o.noWait || w.removes, Logs: cluster, Report: progress.report,
	})
	if err != nil {
		return fmt.Errorf("changing addons: %w", err)
	}
	progress.finish()
	if err := e.addonsSummary(w, result); err != nil {
		return err
	}
	for _, line := range w.after {
		fmt.Fprintln(e.err, line)
	}
	return nil
}

// addonsSummary says what a change has come to.
func (e *env) addonsSummary(w *wantedAddons, result install.Result) error {
	type versioned struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	there, texts := []versioned{}, []string{}
	for _, a := range addons.All() {
		if slices.Contains(w.options.Addons, a.Name) {
			there = append(there, versioned{a.Name, a.Version})
			texts = append(texts, a.Title+" "+a.Version)
		}
	}
	summary := struct {
		Type      string      `json:"type"`
		Namespace string      `json:"namespace"`
		Addons    []versioned `json:"addons"` // that are there now
		install.Result
	}{"summary", w.options.Namespace, there, result}
	switch e.global.output {
	case printer.JSON:
		return json.NewEncoder(e.out).Encode(summary)
	case printer.YAML:
		return printer.PrintYAML(e.out, summary)
	}
	if len(texts) == 0 {
		texts = []string{"no addons"}
	}
	_, err := fmt.Fprintf(e.out, "%s in namespace %s: %d applied, %d unchanged, %d removed\n",
		strings.Join(texts, ", "), w.options.Namespace, result.Applied, result.Unchanged, result.Deleted)
	return err
}
