// Package ztunnel shows what a ztunnel, the node proxy of ambient mode, knows: tables over
// its config dump.
package ztunnel

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// View is one way to look at a dump.
type View struct {
	Name    string
	Aliases []string
	Short   string
	// Filters names the fields of Filter that the view knows.
	Filters []string
	Rows    func(*Dump, Filter) Report
}

// Views lists the views in the order of the help.
func Views() []View {
	return []View{
		{"workload", []string{"workloads", "w"}, "Show the workloads that a ztunnel knows", []string{"workload-namespace", "workload-node", "address", "verbose"}, workloads},
		{"service", []string{"services", "svc", "s"}, "Show the services that a ztunnel knows", []string{"service-namespace"}, services},
		{"policy", []string{"policies", "p"}, "Show the authorization policies that a ztunnel applies", []string{"policy-namespace"}, policies},
		{"certificate", []string{"certificates", "certs", "cert"}, "Show the certificates that a ztunnel holds for its workloads; never a key", nil, certificates},
		{"connections", []string{"connection", "cons"}, "Show the open connections", []string{"workload-namespace", "direction", "raw"}, connections},
	}
}

// Filter selects rows. Zero values select all.
type Filter struct {
	Namespace string
	Node      string
	Address   string
	Direction string
	// Raw leaves addresses as they are.
	Raw bool
	Now time.Time
}

// Report is what a view found.
type Report struct {
	Columns []string
	Rows    [][]string
	Names   []string
	Data    any
}

// Dump is what ztunnel answers to /config_dump.
type Dump struct {
	Workloads    []item[workload]
	Services     []item[service]
	Policies     []item[policy]
	Certificates []item[certificate]
	States       []item[state]
}

// item is an element with the text that it was read from, which is what JSON shows.
type item[T any] struct {
	value T
	raw   json.RawMessage
}

// Read reads a dump. Older versions of ztunnel have maps where newer ones have lists.
func Read(in io.Reader) (*Dump, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, fmt.Errorf("expected a dump of ztunnel: %w", err)
	}
	if parts["workloads"] == nil && parts["services"] == nil {
		return nil, fmt.Errorf("this is no dump of ztunnel: it has neither workloads nor services")
	}
	d := &Dump{}
	for _, read := range []error{
		items(parts["workloads"], &d.Workloads), items(parts["services"], &d.Services),
		items(parts["policies"], &d.Policies), items(parts["certificates"], &d.Certificates),
		items(parts["workloadState"], &d.States),
	} {
		if read != nil {
			return nil, fmt.Errorf("reading the dump of ztunnel: %w", read)
		}
	}
	return d, nil
}

func items[T any](raw json.RawMessage, into *[]item[T]) error {
	if raw == nil || string(raw) == "null" {
		return nil
	}
	var list []json.RawMessage
	if raw[0] == '{' {
		var byKey map[string]json.RawMessage
		if err := json.Unmarshal(raw, &byKey); err != nil {
			return err
		}
		for _, r := range byKey {
			list = append(list, r)
		}
		slices.SortFunc(list, func(a, b json.RawMessage) int { return cmp.Compare(string(a), string(b)) })
	} else if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	for _, r := range list {
		i := item[T]{raw: r}
		if err := json.Unmarshal(r, &i.value); err != nil {
			return err
		}
		*into = append(*into, i)
	}
	return nil
}

// keep selects and sorts items.
func keep[T any](all []item[T], wants func(T) bool, order func(a, b T) int) []item[T] {
	var out []item[T]
	for _, i := range all {
		if wants(i.value) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b item[T]) int { return order(a.value, b.value) })
	return out
}

// raws are the items as they were written.
func raws[T any](all []item[T]) []json.RawMessage {
	out := make([]json.RawMessage, len(all))
	for i, one := range all {
		out[i] = one.raw
	}
	return out
}

// address is an IP without the network before it: network1/10.0.0.1.
func address(text string) string { return text[strings.IndexByte(text, '/')+1:] }
