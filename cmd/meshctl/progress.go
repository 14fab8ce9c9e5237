package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

// progress shows the events of an installation: a live view by component on a
// terminal, plain lines in a pipe, one JSON object a line with -o json.
type progress struct {
	e     *env
	live  bool
	order []string
	state map[string]string
	count map[string]int
	drawn int // lines of the live view on the screen
}

func newProgress(e *env) *progress {
	return &progress{
		e: e, live: isTerminal(e.err) && e.global.output != printer.JSON,
		state: map[string]string{}, count: map[string]int{},
	}
}

// report takes one event.
func (p *progress) report(event install.Event) {
	if p.e.global.output == printer.JSON {
		data, err := json.Marshal(event)
		if err == nil { // an Event always encodes
			fmt.Fprintln(p.e.out, string(data))
		}
		return
	}
	if event.Type == install.Deleted { // the live view is of what comes
		p.line("removed %s", event.Object)
		return
	}
	if _, known := p.state[event.Component]; !known {
		p.order = append(p.order, event.Component)
	}
	if p.e.global.verbosity == 0 && (event.Type == install.Waiting || event.Type == install.Ready) && isQuick(event.Object) {
		return
	}
	before := p.state[event.Component]
	switch event.Type {
	case install.Started:
		p.state[event.Component] = "applying"
	case install.Applied:
		p.count[event.Component]++
	case install.Waiting:
		p.state[event.Component] = "waiting for " + event.Object + ": " + event.Message
	case install.Ready:
		p.state[event.Component] = event.Object + " is ready"
	case install.Failed:
		p.state[event.Component] = "failed: " + event.Object
	}
	switch {
	case p.live:
		p.draw()
	case p.e.global.verbosity > 0 && event.Type == install.Applied:
		p.line("applied %s", event.Object)
	case p.state[event.Component] != before:
		p.line("%s: %s", install.Title(event.Component), p.state[event.Component])
	}
}

// isQuick tells that nobody wants to hear of the waiting for an object.
func isQuick(object string) bool {
	return strings.HasPrefix(object, "CustomResourceDefinition ") || strings.HasPrefix(object, "Namespace ")
}

func (p *progress) line(format string, args ...any) {
	if p.live {
		p.erase()
	}
	fmt.Fprintf(p.e.err, format+"\n", args...)
	if p.live {
		p.drawn = 0
		p.draw()
	}
}

// draw writes the live view over the one on the screen.
func (p *progress) draw() {
	p.erase()
	columns := width(p.e.err)
	if columns < 40 {
		columns = 80 // a terminal that does not tell, or is too small to care
	}
	var b strings.Builder
	for _, component := range p.order {
		text := []rune(fmt.Sprintf("%-18s %3d applied  %s", install.Title(component), p.count[component], p.state[component]))
		if len(text) >= columns {
			text = append(text[:columns-2], '…')
		}
		b.WriteString(string(text) + "\n")
	}
	p.drawn = len(p.order)
	_, _ = io.WriteString(p.e.err, b.String())
}

// finish shows the end of the live view.
func (p *progress) finish() {
	if !p.live {
		return
	}
	for _, component := range p.order {
		p.state[component] = "done"
	}
	p.draw()
}

// erase takes the live view off the screen.
func (p *progress) erase() {
	if p.drawn > 0 {
		fmt.Fprintf(p.e.err, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}
