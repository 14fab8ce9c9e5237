package main

import (
	"github.com/spf13/pflag"
)

// addPeerFlags adds the flags of istioctl's bug-report that have another name
// here, or none.
func (o *collectOptions) addPeerFlags(f *pflag.FlagSet) {
	f.IntVar(&o.workers, "rq-concurrency", 8, "istioctl's name of --workers")
	f.BoolVar(&o.skipAnalysis, "skip-analyze", false, "leave out what analyze says")
	f.BoolVar(&o.skipProxies, "skip-proxy-debug", false, "leave out what proxies say of themselves")
	hidden := []string{"rq-concurrency", "skip-analyze", "skip-proxy-debug"}
	for _, p := range peerFlags() {
		flag := f.VarPF(new(ignoredValue), p.name, p.short, p.answer)
		if p.toggle {
			flag.NoOptDefVal = "true"
		}
		hidden = append(hidden, p.name)
	}
	for _, name := range hidden {
		_ = f.MarkHidden(name) // it exists, so this cannot fail
	}
}

// peerFlag is a flag of istioctl's bug-report that does nothing here.
type peerFlag struct {
	name, short string
	toggle      bool   // it needs no value
	answer      string // what to tell who gives it; "" if the archive is as asked for
	refuse      bool   // the archive would not be what was asked for
}

func peerFlags() []peerFlag {
	return []peerFlag{
		{name: "critical-errs", answer: "has no effect: no log is left out for what it says; --tail, --log-size and --include say how much of which log is collected"},
		{name: "dir", answer: "has no effect: what is collected goes into the archive at once; --output-dir says where that is"},
		{name: "filename", short: "f", refuse: true, answer: "is not read; put flags into the configuration file (`meshctl config` shows it) or into variables such as MESHCTL_COLLECT_SIZE"},
		{name: "full-secrets", toggle: true, refuse: true, answer: "is refused: values of Secrets are never collected; `kubectl get secret NAME -o yaml` shows one"},
		{name: "ignore-errs", answer: "has no effect: no log is left out for what it says; --exclude leaves out pods and containers"},
		{name: "skip-cluster-dump", toggle: true, answer: "has no effect: commands that read the archive need the objects; --quick makes it small"},
		{name: "skip-coredumps", toggle: true},
		{name: "skip-netstat", toggle: true},
	}
}

// answerPeerFlags tells of given flags that do nothing.
func answerPeerFlags(e *env, f *pflag.FlagSet) error {
	for _, p := range peerFlags() {
		flag := f.Lookup(p.name)
		switch {
		case !flag.Changed || p.toggle && flag.Value.String() == "false" || p.answer == "":
		case p.refuse:
			return usagef("--%s %s", p.name, p.answer)
		default:
			e.tell("warning: --%s %s", p.name, p.answer)
		}
	}
	return nil
}

// ignoredValue is the value of a flag that does nothing.
type ignoredValue string

func (v *ignoredValue) String() string     { return string(*v) }
func (v *ignoredValue) Set(s string) error { *v = ignoredValue(s); return nil }
func (*ignoredValue) Type() string         { return "string" }
