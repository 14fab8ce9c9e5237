package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/metrics"
)

// metricsLook is one line of --watch -o json.
type metricsLook struct {
	Time time.Time     `json:"time"`
	Rows []metrics.Row `json:"rows"`
}

// watchMetrics shows the numbers again and again until the context ends, which
// is no failure. The first look has to succeed; a later one that does not is
// told, and the next one tried.
func (o *metricsOptions) watchMetrics(ctx context.Context, e *env, read func(context.Context) ([]metrics.Row, error)) error {
	view := &liveView{out: e.out}
	last := "" // what the view shows, as it was last known
	for {
		rows, err := read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && last == "":
			return err
		case err != nil && isTerminal(e.out) && e.global.output != printer.JSON:
			err = view.show(fmt.Sprintf("%s  %v\n%s", e.now().Format(time.TimeOnly), err, last))
		case err != nil:
			e.warn(fmt.Sprintf("%v; trying again in %s", err, o.every))
			err = nil
		default:
			metrics.Sort(rows, o.order)
			last, err = o.look(e, view, rows)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.every):
		}
	}
}

// look shows the rows once and returns the text without its headline.
func (o *metricsOptions) look(e *env, view *liveView, rows []metrics.Row) (string, error) {
	if e.global.output == printer.JSON {
		return "{}", json.NewEncoder(e.out).Encode(metricsLook{e.now().UTC(), rows})
	}
	var text strings.Builder
	if err := o.print(&text, e.global.output, rows); err != nil {
		return "", err
	}
	if len(rows) == 0 {
		text.WriteString(o.nothingSeen() + "\n")
	}
	headline := fmt.Sprintf("%s  a second, over %s, every %s\n", e.now().Format(time.TimeOnly), o.window, o.every)
	return text.String(), view.show(headline + text.String())
}
