package envoy

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretv3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
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
	ctx, cancel := context.WithCancel(proxy.Context())
	defer cancel()
	istiod, connection, err := a.proxy.config.dial(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	requests := make(chan *discoveryv3.DiscoveryRequest)
	ended := make(chan error, 3)
	pass := func(request *discoveryv3.DiscoveryRequest) {
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
			if request.GetResponseNonce() != "" {
				a.proxy.answered()
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
			ignored, rejected := a.proxy.meddle(response)
			switch {
			case ignored:
				continue
			case rejected != nil:
				pass(rejected)
				a.proxy.answered()
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
func (p *Proxy) meddle(response *discoveryv3.DiscoveryResponse) (ignored bool, rejected *discoveryv3.DiscoveryRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := response.GetTypeUrl()
	if p.faults.ignored[t] {
		return true, nil
	}
	rejection, picky := p.faults.rejected[t]
	for _, packed := range response.GetResources() {
		if name, _, err := unpack(packed); picky && err == nil && (rejection.resource == "" || rejection.resource == name) {
			return false, &discoveryv3.DiscoveryRequest{
				TypeUrl: t, ResponseNonce: response.GetNonce(),
				ErrorDetail: &status.Status{Code: int32(codes.Internal), Message: rejection.reason},
			}
		}
	}
	return false, nil
}
