package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// openSnapshot is the cluster of which a snapshot was taken. From then on it is
// the time at which it was taken: ages and expiries are told as they were. The
// archive stays open until the program ends.
func (e *env) openSnapshot(name string) (*kube.Cluster, error) {
	archive, err := snapshot.Open(name)
	if err != nil {
		return nil, err
	}
	return e.replay(archive), nil
}

// replay makes an archive the cluster that a command reads, and the time of it the time.
func (e *env) replay(archive *snapshot.Archive) *kube.Cluster {
	e.now = func() time.Time { return archive.Index.Ended }
	at := archive.Index.Cluster
	return kube.NewReplay(kube.Replay{
		Context: at.Context, Server: at.Server, Namespace: cmp.Or(e.global.kube.Namespace, at.Namespace, "default"),
		API: archive.API(), Pod: archive.Pod,
	})
}

type snapshotOptions struct {
	archives []string
	failures bool
	redacted bool
}

func newSnapshotCmd(e *env, runF func(context.Context, *snapshotOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "snapshot",
		Short:   "Look into snapshots of a mesh and compare them",
		GroupID: groupLook,
		Long: `Look into the archives that ` + "`meshctl collect`" + ` writes. Every reading command can
read one in place of a cluster, too: --from ARCHIVE.`,
	}
	cmd.AddCommand(newSnapshotDiffCmd(e, runF), newSnapshotListCmd(e, runF), newSnapshotShowCmd(e, runF))
	return cmd
}

// snapshotRun is how all subcommands hand over.
func snapshotRun(e *env, o *snapshotOptions, runF func(context.Context, *snapshotOptions) error, real func(context.Context, *env, *snapshotOptions) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o.archives = args
		if o.failures && o.redacted {
			return usagef("--failures and --redacted are two different lists; ask for one")
		}
		if runF != nil {
			return runF(cmd.Context(), o)
		}
		return real(cmd.Context(), e, o)
	}
}

func newSnapshotListCmd(e *env, runF func(context.Context, *snapshotOptions) error) *cobra.Command {
	return &cobra.Command{
		Use:     "list ARCHIVE",
		Aliases: []string{"ls"},
		Short:   "List the contents of a snapshot",
		Example: "  meshctl snapshot list mesh.tar.zst",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE:    snapshotRun(e, &snapshotOptions{}, runF, runSnapshotList),
	}
}

func runSnapshotList(_ context.Context, e *env, o *snapshotOptions) error {
	archive, err := snapshot.Open(o.archives[0])
	if err != nil {
		return err
	}
	defer archive.Close()
	report := printer.Report{Columns: printer.Columns("PATH", "SIZE", "OBJECTS"), Data: archive.Index.Entries}
	for _, entry := range archive.Index.Entries {
		count := ""
		if entry.Count > 0 {
			count = strconv.Itoa(entry.Count)
		}
		report.Rows = append(report.Rows, []string{entry.Path, strconv.FormatInt(entry.Size, 10), count})
		report.Names = append(report.Names, entry.Path)
	}
	return printer.Print(e.out, e.global.output, report)
}

func newSnapshotShowCmd(e *env, runF func(context.Context, *snapshotOptions) error) *cobra.Command {
	o := &snapshotOptions{}
	cmd := &cobra.Command{
		Use:   "show ARCHIVE",
		Short: "Say where and when a snapshot was taken, and what it lacks",
		Example: `  meshctl snapshot show mesh.tar.zst
  meshctl snapshot show mesh.tar.zst --failures`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: snapshotRun(e, o, runF, runSnapshotShow),
	}
	cmd.Flags().BoolVar(&o.failures, "failures", false, "list what could not be collected, and why")
	cmd.Flags().BoolVar(&o.redacted, "redacted", false, "list where secrets were taken out")
	return cmd
}

func runSnapshotShow(_ context.Context, e *env, o *snapshotOptions) error {
	archive, err := snapshot.Open(o.archives[0])
	if err != nil {
		return err
	}
	defer archive.Close()
	index := archive.Index
	switch {
	case o.failures:
		report := printer.Report{Columns: printer.Columns("WHAT", "REASON"), Data: index.Failures}
		for _, f := range index.Failures {
			report.Rows = append(report.Rows, []string{f.What, f.Reason})
			report.Names = append(report.Names, f.What)
		}
		return printer.Print(e.out, e.global.output, report)
	case o.redacted:
		report := printer.Report{Columns: printer.Columns("PATH", "RULE", "COUNT"), Data: index.Redacted}
		for _, r := range index.Redacted {
			report.Rows = append(report.Rows, []string{r.Path, r.Rule, strconv.Itoa(r.Count)})
			report.Names = append(report.Names, r.Path)
		}
		return printer.Print(e.out, e.global.output, report)
	}
	s := snapshot.Summarize(index)
	return printer.Print(e.out, e.global.output, printer.Report{
		Columns: printer.Columns("PROPERTY", "VALUE"),
		Data:    s,
		Names:   []string{o.archives[0]},
		Rows: [][]string{
			{"taken", s.Created.Format("2006-01-02 15:04:05 MST")},
			{"by meshctl", s.Program},
			{"context", s.Cluster.Context},
			{"server", s.Cluster.Server},
			{"server version", s.Cluster.Version},
			{"objects", strconv.Itoa(s.Objects)},
			{"proxies", strconv.Itoa(s.Proxies)},
			{"istiods", strconv.Itoa(s.Istiods)},
			{"logs", strconv.Itoa(s.Logs)},
			{"contents", fmt.Sprintf("%.1f MiB", float64(s.Size)/(1<<20))},
			{"redacted", strconv.Itoa(s.Redacted)},
			{"failures", strconv.Itoa(s.Failures)},
			{"truncated", strconv.FormatBool(s.Truncated)},
		},
	})
}
