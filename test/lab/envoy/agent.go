package envoy

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretv3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
)

// agent is to a real Envoy what istio's agent is to it in a pod: it leads the
// proxy's stream to istiod, with the pod's token and certificate, and has its
// secrets. Both are served on Unix sockets.
type agent struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	secretv3.UnimplementedSecretDiscoveryServiceServer
	proxy   *Proxy
	secrets secrets
	server  *grpc.Server
}

// socketOf returns the path of the agent's socket in a proxy's folder. Paths of
// sockets must be short (about 100 bytes).
func socketOf(dir string) string { return filepath.Join(dir, "agent") }

func startAgent(p *Proxy, dir string) (*agent, error) {
	listener, err := net.Listen("unix", socketOf(dir))
	if err != nil {
		return nil, fmt.Errorf("listening for an Envoy: %w", err)
	}
	a := &agent{proxy: p, secrets: newSecrets(p.config.Secrets), server: grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))}
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(a.server, a)
	secretv3.RegisterSecretDiscoveryServiceServer(a.server, a)
	go a.server.Serve(listener) // ends with close
	return a, nil
}

func (a *agent) close() { a.server.Stop() }

// StreamAggregatedResources leads the proxy's stream to istiod and back.
func (a *agent) StreamAggregatedResources(proxy discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	istiod, ctx, connection, err := a.proxy.config.connect(proxy.Context())
	if err != nil {
		return err
	}
	defer connection.Close()
	stream, err := istiod.StreamAggregatedResources(ctx)
	if err != nil {
		return err
	}
	return lead(a.proxy, proxy, stream, (*discoveryv3.DiscoveryRequest).GetResponseNonce,
		func(r *discoveryv3.DiscoveryResponse) (*discoveryv3.DiscoveryRequest, bool) {
			refused, ignored := a.proxy.meddle(r.GetTypeUrl(), r.GetResources())
			if refused == nil {
				return nil, ignored
			}
			return &discoveryv3.DiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce(), ErrorDetail: refused}, true
		})
}

// DeltaAggregatedResources leads the proxy's stream to istiod and back.
func (a *agent) DeltaAggregatedResources(proxy discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	istiod, ctx, connection, err := a.proxy.config.connect(proxy.Context())
	if err != nil {
		return err
	}
	defer connection.Close()
	stream, err := istiod.DeltaAggregatedResources(ctx)
	if err != nil {
		return err
	}
	return lead(a.proxy, proxy, stream, (*discoveryv3.DeltaDiscoveryRequest).GetResponseNonce,
		func(r *discoveryv3.DeltaDiscoveryResponse) (*discoveryv3.DeltaDiscoveryRequest, bool) {
			var packed []*anypb.Any
			for _, resource := range r.GetResources() {
				packed = append(packed, resource.GetResource())
			}
			refused, ignored := a.proxy.meddle(r.GetTypeUrl(), packed)
			if refused == nil {
				return nil, ignored
			}
			return &discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce(), ErrorDetail: refused}, true
		})
}

// lead passes requests to istiod and responses to the proxy until one of the
// streams ends. Meddle keeps a response from the proxy, and may answer in its
// place.
func lead[Request, Response any](p *Proxy, proxy grpc.BidiStreamingServer[Request, Response], istiod grpc.BidiStreamingClient[Request, Response],
	nonce func(*Request) string, meddle func(*Response) (answer *Request, kept bool),
) error {
	ctx := proxy.Context()
	requests := make(chan *Request)
	ended := make(chan error, 3)
	pass := func(request *Request) {
		select {
		case requests <- request:
		case <-ctx.Done():
		}
	}
	go func() { // one sender, as gRPC asks for
		for {
			select {
			case request := <-requests:
				if err := istiod.Send(request); err != nil {
					ended <- err
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		for {
			request, err := proxy.Recv()
			if err != nil {
				ended <- err
				return
			}
			pass(request)
			if nonce(request) != "" {
				p.answered()
			}
		}
	}()
	go func() {
		for {
			response, err := istiod.Recv()
			if err != nil {
				ended <- err
				return
			}
			answer, kept := meddle(response)
			if answer != nil {
				pass(answer)
				p.answered()
			}
			if kept {
				continue
			}
			if err := proxy.Send(response); err != nil {
				ended <- err
				return
			}
		}
	}()
	return <-ended
}

// StreamSecrets answers with the secrets that the agent has.
func (a *agent) StreamSecrets(proxy secretv3.SecretDiscoveryService_StreamSecretsServer) error {
	var sent []string
	for nonce := 1; ; nonce++ {
		request, err := proxy.Recv()
		if err != nil {
			return err
		}
		if request.GetResponseNonce() != "" && slices.Equal(sent, request.GetResourceNames()) {
			continue // it says whether it took what was sent
		}
		sent = request.GetResourceNames()
		response := &discoveryv3.DiscoveryResponse{VersionInfo: a.secrets.version, TypeUrl: SecretType, Nonce: strconv.Itoa(nonce)}
		for _, name := range sent {
			if secret := a.secrets.find(name); secret != nil {
				packed, err := anypb.New(secret)
				if err != nil {
					return err
				}
				response.Resources = append(response.Resources, packed)
			}
		}
		if err := proxy.Send(response); err != nil {
			return err
		}
	}
}

// meddle does to a response on its way to the proxy what a test asked for.
func (p *Proxy) meddle(typeURL string, resources []*anypb.Any) (refused *status.Status, ignored bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.ignored[typeURL] {
		return nil, true
	}
	for _, packed := range resources {
		if name, _, err := unpack(packed); err == nil {
			if reason, refused := p.faults.refuses(typeURL, name); refused {
				return refusal(reason), false
			}
		}
	}
	return nil, false
}
