package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/analyze"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// captureViews stores what `analyze -A` and `proxy-status` say of what was
// captured, for readers who have no meshctl, or another one. They are made of
// the archive, so the cluster is not asked twice.
func (o *collectOptions) captureViews(ctx context.Context, e *env, w *snapshot.Writer) error {
	archive := w.Archive(e.now().UTC())
	for _, view := range []struct {
		path string
		say  func(context.Context, *env) error
	}{
		{snapshot.AnalysisPath, sayAnalysis},
		{snapshot.ProxyStatusPath, func(ctx context.Context, e *env) error { return runProxyStatus(ctx, e, &proxyStatusOptions{}) }},
	} {
		if o.skipAnalysis && view.path == snapshot.AnalysisPath {
			continue
		}
		if err := e.captureView(ctx, w, archive, view.path, view.say); err != nil {
			return err
		}
	}
	return nil
}

// captureView stores one view. One that cannot be made is a failure among
// others; the error says that the archive cannot be written.
func (e *env) captureView(ctx context.Context, w *snapshot.Writer, archive *snapshot.Archive, path string, say func(context.Context, *env) error) error {
	spool, err := w.Spool()
	if err != nil {
		return err
	}
	defer spool.Close()
	viewer := &env{out: spool, err: io.Discard, getenv: e.getenv, global: e.global}
	viewer.global.output = printer.JSON
	viewer.opened = viewer.replay(archive)
	ctx, cancel := e.step(ctx)
	defer cancel()
	if err := say(ctx, viewer); err != nil && !errors.Is(err, errFindings) {
		w.Fail(path, err)
		return nil
	}
	return w.Add(path, spool, 0)
}

// sayAnalysis prints all findings: neither the current directory's rules to
// ignore some nor a namespace have a say in what an archive holds.
func sayAnalysis(ctx context.Context, e *env) error {
	all := analyze.All()
	loaded, err := (&analyzeInput{}).load(ctx, e, all, true)
	if err != nil {
		return fmt.Errorf("analyzing what was collected: %w", err)
	}
	findings := append(analyze.Run(loaded.mesh, all), loaded.unreadable...)
	return printFindings(e, analyze.Sort(findings), loaded.mesh.Len())
}
