package envoy

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/anypb"
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

// maxMessage is the size of a message that proxies and istiod take, in bytes.
const maxMessage = 256 << 20

// connect gives a client of istiod, and the context for its streams. The caller
// closes the connection.
func (c Config) connect(ctx context.Context) (discoveryv3.AggregatedDiscoveryServiceClient, context.Context, *grpc.ClientConn, error) {
	security := insecure.NewCredentials()
	if c.TLS != nil {
		security = credentials.NewTLS(c.TLS)
	}
	connection, err := grpc.NewClient("passthrough:///istiod",
		grpc.WithTransportCredentials(security),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return c.Dial(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("connecting to istiod: %w", err)
	}
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(c.Headers))
	return discoveryv3.NewAggregatedDiscoveryServiceClient(connection), ctx, connection, nil
}

// incremental tells that the bootstrap asks for the protocol that sends what has
// changed, and not the state of the world.
func (c Config) incremental() bool {
	return c.Bootstrap.GetDynamicResources().GetAdsConfig().GetApiType() == corev3.ApiConfigSource_DELTA_GRPC
}

// stream serves one connection until it breaks.
func (p *Proxy) stream(ctx context.Context) error {
	istiod, ctx, connection, err := p.config.connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	if p.config.incremental() {
		stream, err := istiod.DeltaAggregatedResources(ctx)
		if err != nil {
			return fmt.Errorf("opening a stream to istiod: %w", err)
		}
		return converse(stream, p.beginDelta(), p.takeDelta)
	}
	stream, err := istiod.StreamAggregatedResources(ctx)
	if err != nil {
		return fmt.Errorf("opening a stream to istiod: %w", err)
	}
	return converse(stream, p.begin(), p.take)
}

// converse sends the first requests and then what there is to answer to each
// response, until the stream breaks.
func converse[Request, Response any](stream grpc.BidiStreamingClient[Request, Response], requests []*Request, answer func(*Response) []*Request) error {
	for {
		for _, request := range requests {
			if err := stream.Send(request); err != nil {
				return fmt.Errorf("asking istiod: %w", err)
			}
		}
		response, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("reading from istiod: %w", err)
		}
		requests = answer(response)
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

// arrived notes that there is a response for a type. The caller holds the lock.
func (p *Proxy) arrived(k *kind, nonce string) {
	p.updates++
	p.latest = time.Now()
	k.nonce = nonce
	k.answered = true
}

// acceptOne takes over a resource, unless a test wants it rejected, and returns
// its name. The caller holds the lock.
func (p *Proxy) acceptOne(k *kind, typeURL, version string, packed *anypb.Any, now time.Time) (string, error) {
	name, message, err := unpack(packed)
	if err != nil {
		return "", fmt.Errorf("decoding a resource: %w", err)
	}
	if !k.wildcard && !k.names[name] {
		return name, nil // unsubscribed a moment ago
	}
	if reason, refused := p.faults.refuses(typeURL, name); refused {
		k.fail(name, &failure{any: packed, version: version, reason: reason, at: now})
		return name, fmt.Errorf("Error adding/updating %s: %s", name, reason)
	}
	k.put(name, version, packed, message, now)
	return name, nil
}

// refusal is how a response is answered of which something was rejected.
func refusal(reason string) *status.Status {
	return &status.Status{Code: int32(codes.Internal), Message: reason}
}
