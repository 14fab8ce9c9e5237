package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

type proxyTraceOptions struct {
	source  proxySource
	to      string
	verbose bool
	request trace.Request

	url, method               string
	headers, claims, alpn     []string
	fromGateway, inbound      bool
	mutual, here              bool
	port                      int
	ip, sourceIP, sni, client string
}

func newProxyTraceCmd(e *env, runF func(context.Context, *proxyTraceOptions) error) *cobra.Command {
	o := &proxyTraceOptions{}
	cmd := &cobra.Command{
		Use:   "trace [POD | TYPE/NAME] --url URL",
		Short: "Follow one request through a proxy: which rules it meets, and what becomes of it",
		Long: `Follow one request through a proxy: listener, filter chain, filters, virtual host,
route, cluster and endpoints, by the rules that Envoy documents. Each step names what
was taken and the Istio object behind it; --verbose also what was passed over, and why.

Nothing is sent. What hangs on more than the dump (chance, a token's signature, an
outside service) is said at the end. From a pod's proxy the way goes on in the proxy of
the pod that the request is delivered to, if that can be reached.

The exit code is 0 if the request is delivered, redirected or answered, and 3 if it is
refused, fails, or if that cannot be told.`,
		Example: `  # Would this request of the frontend arrive, and where?
  meshctl proxy-config trace deploy/frontend -n shop --url http://catalog:8080/items --to deploy/catalog-v1

  # From a sidecar's application to another service
  meshctl proxy-config trace --file productpage.json --url http://reviews:9080/reviews/1

  # The same, on through the sidecar of the destination
  meshctl proxy-config trace --file productpage.json --to reviews.json --url http://reviews:9080/reviews/1

  # From outside through a gateway whose pod listens on port 8080
  meshctl proxy-config trace --file gateway.json --from-gateway --port 8080 --url http://shop.example.com/cart --header 'x-user: ann'`,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProxyTrace(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatText)
	o.source.register(cmd.Flags())
	e.adminPortFlag(cmd)
	fs := cmd.Flags()
	fs.StringVar(&o.url, "url", "", "`URL` of the request: http, https, grpc, tcp or tls")
	fs.StringVar(&o.method, "method", "GET", "`method` of the request")
	fs.StringArrayVar(&o.headers, "header", nil, "`name:value` of a header (repeatable)")
	fs.BoolVar(&o.fromGateway, "from-gateway", false, "the proxy is a gateway and the request comes from outside")
	fs.BoolVar(&o.inbound, "inbound", false, "the request comes to this sidecar; without it, it is sent by the sidecar's application")
	fs.StringVar(&o.to, "to", "", "the destination's proxy: a `file or pod` (default: of a pod's request, the pod that it goes to)")
	fs.BoolVar(&o.here, "here", false, "do not go on in the proxy of the destination")
	fs.IntVar(&o.port, "port", 0, "`port` that the client connects to (default: that of the URL)")
	fs.StringVar(&o.ip, "ip", "", "`address` that the client connects to (default: that of the service, if the dump has it)")
	fs.StringVar(&o.sourceIP, "source-ip", "", "`address` of the client")
	fs.StringVar(&o.client, "principal", "", "`identity` of the client, as spiffe://cluster.local/ns/shop/sa/frontend; implies --mtls")
	fs.BoolVar(&o.mutual, "mtls", false, "the client is in the mesh and speaks mutual TLS")
	fs.StringVar(&o.sni, "sni", "", "server `name` of the TLS connection (default: the host of an https URL)")
	fs.StringSliceVar(&o.alpn, "alpn", nil, "application `protocols` that the client offers")
	fs.StringArrayVar(&o.claims, "claim", nil, "`name=value` of a claim of the request's valid token (repeatable)")
	fs.BoolVar(&o.verbose, "verbose", false, "show what was passed over, and why")
	return cmd
}

// validate makes the request of the flags.
func (o *proxyTraceOptions) validate(args []string) (err error) {
	if o.url == "" {
		return usagef("which request? give its URL with --url")
	}
	if o.fromGateway && o.inbound {
		return usagef("--from-gateway and --inbound exclude each other")
	}
	direction := trace.Outbound
	if o.fromGateway {
		direction = trace.Gateway
	} else if o.inbound {
		direction = trace.Inbound
	}
	if o.request, err = trace.NewRequest(o.method, o.url, direction); err != nil {
		return usageError{err}
	}
	r := &o.request
	for _, h := range o.headers {
		if err := r.AddHeader(h); err != nil {
			return usageError{err}
		}
	}
	for flag, address := range map[string]struct {
		text string
		into *netip.Addr
	}{"--ip": {o.ip, &r.IP}, "--source-ip": {o.sourceIP, &r.Source}} {
		if address.text == "" {
			continue
		}
		if *address.into, err = netip.ParseAddr(address.text); err != nil {
			return usagef("%s %q: expected an IP address, such as 10.0.0.1", flag, address.text)
		}
	}
	for _, c := range o.claims {
		name, value, ok := strings.Cut(c, "=")
		if !ok {
			return usagef("--claim %q: expected name=value", c)
		}
		if r.Claims == nil {
			r.Claims = map[string]string{}
		}
		r.Claims[name] = value
	}
	if o.port < 0 || o.port > 65535 {
		return usagef("--port %d: ports are from 1 to 65535", o.port)
	}
	if o.port != 0 {
		r.Port = o.port
	}
	if o.client != "" || o.mutual {
		r.TLS, r.Mutual, r.Principal = true, true, o.client
		r.ALPN = []string{"istio-http/1.1", "istio", "http/1.1"}
		if r.Scheme == "tcp" {
			r.ALPN = []string{"istio-peer-exchange", "istio"}
		}
	}
	if o.sni != "" {
		r.TLS, r.SNI = true, o.sni
	}
	if o.alpn != nil {
		r.ALPN = o.alpn
	}
	return o.source.validate(args)
}

func tracedProxy(ctx context.Context, t proxyTarget) (*trace.Proxy, error) {
	d, err := t.read(ctx, trace.Reads)
	if err != nil {
		return nil, err
	}
	p, err := trace.NewProxy(d)
	if err != nil {
		return nil, t.wrap(err)
	}
	return p, nil
}

// tracesAnswer is what is shown as JSON.
type tracesAnswer struct {
	Client      trace.Trace  `json:"trace"`
	Destination *trace.Trace `json:"destination,omitempty"`
}

func runProxyTrace(ctx context.Context, e *env, o *proxyTraceOptions) error {
	targets, err := o.source.targets(ctx, e)
	if err != nil {
		return err
	}
	if len(targets) != 1 {
		return fmt.Errorf("a request is followed through one proxy, and there are %d; name one of them", len(targets))
	}
	client, err := tracedProxy(ctx, targets[0])
	if err != nil {
		return err
	}
	var answer tracesAnswer
	if o.to == "" {
		answer.Client = trace.Run(client, o.request)
		if live := o.source.file == "" && o.source.admin == ""; live && !o.here && o.request.Direction != trace.Inbound {
			e.follow(ctx, client, o.request, &answer)
		}
	} else {
		target, err := e.sideTarget(ctx, o.to)
		if err != nil {
			return err
		}
		server, err := tracedProxy(ctx, target)
		if err != nil {
			return err
		}
		answer.Client, answer.Destination = trace.RunBoth(client, server, o.request)
	}
	end := answer.Client.Verdict
	switch e.global.output {
	case printer.JSON, printer.YAML:
		err = printer.Print(e.out, e.global.output, printer.Report{Data: answer})
	case printer.Name:
		err = printTraceNames(e.out, answer.Client)
	default:
		err = printTrace(e.out, answer.Client, o.verbose || e.global.output == printer.Wide)
		if o.to != "" && answer.Destination == nil && end.Outcome == trace.Delivered {
			fmt.Fprintln(e.err, "note: the proxy of", o.to, "is not among the endpoints that the request goes to")
		}
		if answer.Destination != nil && err == nil {
			fmt.Fprintln(e.out, "\nin the destination's proxy:")
			err = printTrace(e.out, *answer.Destination, o.verbose || e.global.output == printer.Wide)
		}
	}
	if answer.Destination != nil {
		end = answer.Destination.Verdict
	}
	if bad := end.Outcome == trace.Refused || end.Outcome == trace.Fails || end.Outcome == trace.Unknown; err == nil && bad {
		err = errFindings
	}
	return err
}
