package main

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/internal/printer"
)

// waitAnswer is what is shown as JSON.
type waitAnswer struct {
	Objects []string   `json:"objects"`
	For     waitGoal   `json:"for"`
	Proxies []*awaited `json:"proxies"`
	Have    int        `json:"have"`
}

// count tells how many proxies there are and how many have the change.
func (w *waiting) count() (have, all int) {
	for _, p := range w.proxies {
		if p.gone {
			continue
		}
		all++
		if p.Has {
			have++
		}
	}
	return have, all
}

// enough tells whether the share of --threshold is reached.
func (w *waiting) enough() bool {
	have, all := w.count()
	return w.failure == nil && float64(have) >= w.o.threshold*float64(all)
}

// have is what is said of proxies that are where they should be.
func (w *waiting) have() string {
	if w.o.what == waitDelete {
		return "have let go of it"
	}
	return "have it"
}

// changesText names the objects.
func (w *waiting) changesText() string {
	names := make([]string, len(w.changes))
	for i, c := range w.changes {
		names[i] = c.String()
	}
	return strings.Join(names, ", ")
}

// tell says how far it is when that has changed.
func (w *waiting) tell() {
	have, all := w.count()
	text := fmt.Sprintf("%d of %d proxies %s", have, all, w.have())
	if w.failure != nil {
		text = w.failure.Error()
	}
	if text != w.told && !w.enough() {
		fmt.Fprintln(w.e.err, text)
	}
	w.told = text
}

// finish prints the answer: who does not have it, or that all have.
func (w *waiting) finish() error {
	answer := waitAnswer{Objects: []string{}, For: w.o.what, Proxies: []*awaited{}}
	for _, c := range w.changes {
		answer.Objects = append(answer.Objects, c.String())
	}
	r := printer.Report{Columns: printer.Columns("PROXY", "ISTIOD", "WHAT IS MISSING")}
	for _, p := range w.proxies {
		if p.gone {
			continue
		}
		answer.Proxies = append(answer.Proxies, p)
		if p.Has {
			answer.Have++
			continue
		}
		r.Rows = append(r.Rows, []string{p.Proxy, p.Istiod, p.Reason})
		r.Names = append(r.Names, p.Proxy)
	}
	r.Data = answer
	format, all := w.e.global.output, len(answer.Proxies)
	table := format == printer.Table || format == printer.Wide
	switch {
	case all == 0:
		fmt.Fprintf(w.e.err, "note: %s is for no proxy that runs\n", w.changesText())
	case table && len(r.Rows) == 0:
		fmt.Fprintf(w.e.out, "%s: all %d proxies %s\n", w.changesText(), all, w.have())
	}
	if !table || len(r.Rows) > 0 {
		if err := printer.Print(w.e.out, format, r); err != nil {
			return err
		}
	}
	if w.enough() {
		return nil
	}
	fmt.Fprintf(w.e.err, "%s: %d of %d proxies %s after %s\n", w.changesText(), answer.Have, all, w.have(), w.e.global.timeout)
	if w.failure != nil {
		fmt.Fprintln(w.e.err, "error:", w.failure)
	}
	return errFindings
}
