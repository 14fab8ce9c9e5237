package main

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/dashboard"
)

// opened is a dashboard with a local port, as -o json shows it.
type opened struct {
	Name      string `json:"name"`
	URL       string `json:"url"`
	LocalPort int    `json:"localPort"`
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Port      int    `json:"port"`

	Credentials *dashboard.Credentials `json:"credentials,omitempty"`

	forward *dashboard.Forward
}

func runDashboard(ctx context.Context, e *env, o *dashboardOptions) error {
	o.warnOfAddress(e)
	d, err := o.open(ctx, e)
	if err != nil {
		return err
	}
	defer d.forward.Close()
	switch e.global.output {
	case printer.JSON, printer.YAML, printer.Name:
		err = printer.Print(e.out, e.global.output, printer.Report{Data: d, Names: []string{d.Name}})
	default:
		_, err = fmt.Fprintln(e.out, d.URL)
	}
	if err != nil {
		return err
	}
	e.tell("%s: forwarding to pod %s/%s port %d; Ctrl-C ends", d.Name, d.Namespace, d.Pod, d.Port)
	if err := o.tellCredentials(ctx, e, d); err != nil {
		return err
	}
	o.browse(e, d.URL)
	return d.forward.Run(ctx)
}

// tell writes a line to the user, beside the output.
func (e *env) tell(format string, args ...any) { fmt.Fprintf(e.err, format+"\n", args...) }

// open finds the dashboard and connects to it, all within --timeout.
func (o *dashboardOptions) open(ctx context.Context, e *env) (*opened, error) {
	ctx, cancel := e.step(ctx)
	defer cancel()
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	target, found, err := o.find(ctx, e, cluster)
	if err != nil {
		return nil, err
	}
	return o.openTarget(ctx, e, target, found)
}

// openTarget listens and connects; found may be nil.
func (o *dashboardOptions) openTarget(ctx context.Context, e *env, target dashboard.Target, found *dashboard.Found) (*opened, error) {
	forward, err := dashboard.Start(ctx, target, dashboard.Options{
		Address: o.address, Port: o.port, Prefer: o.dashboard.Port, Every: o.every,
		Say: func(line string) { e.tell("%s", line) },
	})
	if err != nil {
		return nil, err
	}
	d := &opened{Name: o.dashboard.Name, LocalPort: forward.LocalPort(), forward: forward}
	d.Namespace, d.Pod, d.Port = forward.Pod()
	if found != nil {
		d.Credentials = found.Credentials
	}
	scheme, err := forward.Probe(ctx)
	if err != nil {
		e.tell("%s: the pod does not answer on port %d yet: %v", d.Name, d.Port, err)
	}
	d.URL = o.url(scheme, d.LocalPort)
	return d, nil
}

// step bounds one step of a command that itself runs without a deadline.
func (e *env) step(ctx context.Context) (context.Context, context.CancelFunc) {
	if e.global.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, e.global.timeout, errDeadline)
}

func (o *dashboardOptions) url(scheme string, port int) string {
	host := o.address
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // any address is no address to go to
	}
	path := o.path
	if path == "" {
		path = o.dashboard.Path
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port)) + path
}

// warnOfAddress says that others can reach the port.
func (o *dashboardOptions) warnOfAddress(e *env) {
	ip := net.ParseIP(o.address)
	if o.address != "localhost" && (ip == nil || !ip.IsLoopback()) {
		e.tell("warning: with --address %s everybody who can reach this machine can use the dashboard", o.address)
	}
}

// tellCredentials names the Secret with user and password; the values only on demand.
func (o *dashboardOptions) tellCredentials(ctx context.Context, e *env, d *opened) error {
	c := d.Credentials
	switch {
	case c == nil:
		return nil
	case !o.showCredentials:
		e.tell("%s: user and password are in Secret %s/%s (--show-credentials prints them)", d.Name, c.Namespace, c.Secret)
		return nil
	}
	ctx, cancel := e.step(ctx)
	defer cancel()
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	values, err := cluster.Secret(ctx, c.Namespace, c.Secret)
	if err != nil {
		return err
	}
	user := "admin"
	if c.UserKey != "" {
		user = string(values[c.UserKey])
	}
	e.tell("%s: user %s, password %s", d.Name, user, values[c.PasswordKey])
	return nil
}

// browse opens a browser unless there is none to see.
func (o *dashboardOptions) browse(e *env, url string) {
	if o.browser == "false" || o.browser == "auto" && !e.hasBrowser() {
		return
	}
	if err := e.browse(url); err != nil {
		e.tell("no browser could be opened (%v); go to %s", err, url)
	}
}
