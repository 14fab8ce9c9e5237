package main

import (
	"fmt"
	"time"
)

// collectProgress tells on a terminal how far a collection is; elsewhere it
// keeps still.
type collectProgress struct {
	e       *env
	shown   bool
	visible bool
	begun   time.Time
}

func (e *env) collectProgress() *collectProgress {
	return &collectProgress{e: e, visible: isTerminal(e.err), begun: e.now()}
}

func (p *collectProgress) report(done, total int, size int64) {
	if !p.visible {
		return
	}
	p.shown = true
	rest := ""
	if spent := p.e.now().Sub(p.begun); spent > 2*time.Second && done > 0 && done < total {
		left := spent / time.Duration(done) * time.Duration(total-done)
		rest = fmt.Sprintf(", about %s left", left.Round(time.Second))
	}
	fmt.Fprintf(p.e.err, "\r\x1b[Kcollecting: %d of %d, %.1f MiB%s", done, total, float64(size)/(1<<20), rest)
}

func (p *collectProgress) end() {
	if p.shown {
		fmt.Fprint(p.e.err, "\r\x1b[K")
	}
}
