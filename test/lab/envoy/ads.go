package envoy

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// reconnectAfter is the pause before a broken stream is opened again.
const reconnectAfter = 200 * time.Millisecond

// follow keeps a stream to istiod open until the context ends.
func (p *Proxy) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := p.stream(ctx)
		p.mu.Lock()
		p.lastErr = err
		p.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(reconnectAfter):
		}
	}
}

// adsStream is istiod's end of the aggregated, state of the world protocol.
type adsStream = grpc.BidiStreamingClient[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]

// maxMessage is the size of a message that proxies and istiod take, in bytes.
const maxMessage = 256 << 20

// dial opens a stream to istiod. The caller closes the connection.
func (c Config) dial(ctx context.Context) (adsStream, *grpc.ClientConn, error) {
	security := insecure.NewCredentials()
	if c.TLS != nil {
		security = credentials.NewTLS(c.TLS)
	}
	connection, err := grpc.NewClient("passthrough:///istiod",
		grpc.WithTransportCredentials(security),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return c.Dial(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to istiod: %w", err)
	}
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(c.Headers))
	stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(connection).StreamAggregatedResources(ctx)
	if err != nil {
		connection.Close()
		return nil, nil, fmt.Errorf("opening a stream to istiod: %w", err)
	}
	return stream, connection, nil
}

// stream serves one connection until it breaks.
func (p *Proxy) stream(ctx context.Context) error {
	stream, connection, err := p.config.dial(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := p.open(stream); err != nil {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("reading from istiod: %w", err)
		}
		for _, request := range p.take(response) {
			if err := stream.Send(request); err != nil {
				return fmt.Errorf("answering istiod: %w", err)
			}
		}
	}
}

// open asks for clusters and listeners and, on a stream that replaces a broken
// one, for what the proxy knows to need.
func (p *Proxy) open(stream adsStream) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range types() {
		k := p.store.kinds[t]
		k.nonce = ""
		if !k.wildcard && len(p.store.remote(t)) == 0 {
			continue
		}
		request := p.request(t)
		if t == ClusterType {
			request.Node = p.config.Bootstrap.GetNode() // on the first message only
		}
		if err := stream.Send(request); err != nil {
			return fmt.Errorf("subscribing at istiod: %w", err)
		}
	}
	return nil
}

// request makes the request for a type in its present state, which is also
// its acknowledgement. The caller holds the lock.
func (p *Proxy) request(typeURL string) *discoveryv3.DiscoveryRequest {
	k := p.store.kinds[typeURL]
	k.attempts++
	return &discoveryv3.DiscoveryRequest{
		TypeUrl: typeURL, VersionInfo: k.version, ResponseNonce: k.nonce, ResourceNames: p.store.remote(typeURL),
	}
}

// remote returns the names that are asked for at istiod: not the secrets that
// the agent has.
func (s *store) remote(typeURL string) []string {
	k := s.kinds[typeURL]
	if k.wildcard {
		return nil
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(k.names)), func(name string) bool {
		return typeURL == SecretType && (name == ownSecret || name == rootSecret || strings.HasPrefix(name, "file-"))
	})
}

// take deals with a response and returns what to answer.
func (p *Proxy) take(response *discoveryv3.DiscoveryResponse) []*discoveryv3.DiscoveryRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := response.GetTypeUrl()
	k, known := p.store.kinds[t]
	if !known || p.faults.ignored[t] {
		return nil
	}
	defer p.notify()
	p.updates++
	p.latest = time.Now()
	k.nonce = response.GetNonce()
	k.answered = true

	problem := p.accept(k, response)
	var answers []*discoveryv3.DiscoveryRequest
	if problem != nil {
		k.rejected++
		answer := p.request(t)
		answer.ErrorDetail = &status.Status{Code: int32(codes.Internal), Message: problem.Error()}
		answers = append(answers, answer)
	} else {
		k.success++
		k.version = response.GetVersionInfo()
		answers = append(answers, p.request(t))
	}
	changes := p.store.refer()
	p.store.fromAgent()
	for _, changed := range changes {
		if changed != t && (len(p.store.remote(changed)) > 0 || p.store.kinds[changed].nonce != "") {
			answers = append(answers, p.request(changed))
		}
	}
	return answers
}

// accept takes over the resources of a response and returns why some were
// rejected. The caller holds the lock.
func (p *Proxy) accept(k *kind, response *discoveryv3.DiscoveryResponse) (problem error) {
	present := map[string]bool{}
	now := time.Now()
	rejection, picky := p.faults.rejected[response.GetTypeUrl()]
	for _, packed := range response.GetResources() {
		name, message, err := unpack(packed)
		if err != nil {
			problem = fmt.Errorf("decoding a resource: %w", err)
			continue
		}
		present[name] = true
		if !k.wildcard && !k.names[name] {
			continue // unsubscribed a moment ago
		}
		if picky && (rejection.resource == "" || rejection.resource == name) {
			problem = fmt.Errorf("Error adding/updating %s: %s", name, rejection.reason)
			k.fail(name, &failure{any: packed, version: response.GetVersionInfo(), reason: rejection.reason, at: now})
			continue
		}
		k.put(name, response.GetVersionInfo(), packed, message, now)
	}
	if k.wildcard && problem == nil {
		k.keep(present)
	}
	return problem
}

// fromAgent answers the requests for secrets that the agent has.
func (s *store) fromAgent() {
	k := s.kinds[SecretType]
	for name := range k.names {
		if _, held := k.resources[name]; held {
			continue
		}
		if secret := s.agent.find(name); secret != nil {
			k.resources[name] = &resource{message: secret, version: s.agent.version, updated: s.agent.since}
			k.order = append(k.order, name)
		}
	}
}
