package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

func newSnapshotDiffCmd(e *env, runF func(context.Context, *snapshotOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:   "diff ARCHIVE ARCHIVE",
		Short: "Say what changed in the mesh between two snapshots",
		Long: `Say what changed between two snapshots: objects that came, went or changed and in
which fields, versions of istiod and proxies, certificates, and what the proxies
are configured to do: their clusters, listeners, routes and endpoints. What
changed alike in several proxies is told once. The exit code is 3 if there is a
difference.

What changes all the time is left out: status, versions of resources, events,
nodes, ReplicaSets and Endpoints. Pods that came or went are objects; proxies are
compared that are in both snapshots.`,
		Example: `  meshctl snapshot diff before.tar.zst after.tar.zst
  meshctl snapshot diff before.tar.zst after.tar.zst -o json`,
		Args: usageArgs(cobra.ExactArgs(2)),
		RunE: snapshotRun(e, &snapshotOptions{}, runF, runSnapshotDiff),
	}
}

// meshChange is a change between two snapshots; of proxies, all in which it is.
type meshChange struct {
	snapshot.Change
	Proxies []string `json:"proxies,omitempty"` // NAMESPACE/POD
}

func runSnapshotDiff(ctx context.Context, e *env, o *snapshotOptions) error {
	var archives [2]*snapshot.Archive
	for i, name := range o.archives {
		archive, err := snapshot.Open(name)
		if err != nil {
			return err
		}
		defer archive.Close()
		archives[i] = archive
	}
	found, err := snapshot.Diff(archives[0], archives[1])
	if err != nil {
		return err
	}
	changes, err := e.inProxies(ctx, found, archives)
	if err != nil {
		return err
	}
	report := printer.Report{Columns: printer.Columns("CHANGE", "WHAT", "FIELD", "BEFORE", "AFTER"), Data: changes}
	for _, c := range changes {
		report.Rows = append(report.Rows, []string{c.Change.Change, c.What, c.Field, c.Before, c.After})
		report.Names = append(report.Names, c.What)
	}
	if err := printer.Print(e.out, e.global.output, report); err != nil {
		return err
	}
	if len(changes) > 0 {
		return errFindings
	}
	return nil
}

// inProxies tells of proxies' configuration what changed in it, in place of that
// it changed. The list is never nil.
func (e *env) inProxies(ctx context.Context, found []snapshot.Change, archives [2]*snapshot.Archive) ([]meshChange, error) {
	inside := make([][]snapshot.Change, len(found))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range found {
		if c.Entry == "" {
			continue
		}
		work.Go(func() (err error) {
			if err = ctx.Err(); err == nil {
				inside[i], err = compareProxy(c, archives)
			}
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	changes := []meshChange{}
	alike := map[snapshot.Change]int{} // the place of a change in proxies
	for i, c := range found {
		if c.Entry == "" {
			changes = append(changes, meshChange{Change: c})
			continue
		}
		pod := strings.TrimPrefix(c.What, "pod ")
		for _, one := range inside[i] {
			at, known := alike[one]
			if !known {
				at = len(changes)
				alike[one] = at
				changes = append(changes, meshChange{Change: one})
			}
			changes[at].Proxies = append(changes[at].Proxies, pod)
		}
	}
	for i, c := range changes {
		switch n := len(c.Proxies); {
		case n == 1:
			changes[i].What = "proxy " + c.Proxies[0]
		case n > 1:
			changes[i].What = fmt.Sprintf("%d proxies, %s first", n, c.Proxies[0])
		}
	}
	return changes, nil
}

// compareProxy compares the dumps of one proxy by their meaning. What cannot be
// read as a dump is compared as a text, which the change says already.
func compareProxy(c snapshot.Change, archives [2]*snapshot.Archive) ([]snapshot.Change, error) {
	var dumps [2]*dump.Dump
	for i, archive := range archives {
		in, err := archive.Open(c.Entry)
		if err != nil {
			return nil, err
		}
		dumps[i], err = dump.Read(in, diff.Reads)
		in.Close()
		if err != nil {
			c.Entry = ""
			c.What = ""
			return []snapshot.Change{c}, nil
		}
	}
	result, err := diff.Compare(dumps[0], dumps[1], diff.Options{})
	if err != nil {
		return nil, fmt.Errorf("comparing the configuration of %s: %w", c.What, err)
	}
	changes := []snapshot.Change{}
	for _, r := range result.Resources {
		name := r.Kind + " " + r.Name
		if r.Op != diff.Changed {
			changes = append(changes, snapshot.Change{Change: string(r.Op), Field: name})
			continue
		}
		for _, inner := range r.Changes {
			changes = append(changes, snapshot.Change{
				Change: string(inner.Op), Field: name + ": " + inner.Path, Before: snapshot.Short(string(inner.Before)), After: snapshot.Short(string(inner.After)),
			})
		}
	}
	slices.SortStableFunc(changes, func(a, b snapshot.Change) int { return cmp.Compare(a.Field, b.Field) })
	return changes, nil
}
