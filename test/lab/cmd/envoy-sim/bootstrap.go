package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secretv3 "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/meshctl/meshctl/test/lab/envoy"
)

// fromBootstrap runs a proxy as Envoy does: its node, its admin port and the ways
// to its configuration and its secrets are in a file.
func fromBootstrap(ctx context.Context, file string, talk io.Writer) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the bootstrap: %w", err)
	}
	bootstrap := &bootstrapv3.Bootstrap{}
	if err := protojson.Unmarshal(data, bootstrap); err != nil {
		return fmt.Errorf("reading bootstrap %s: %w", file, err)
	}
	secrets, err := agentSecrets(ctx, dialer(bootstrap, "sds-grpc"))
	if err != nil {
		return fmt.Errorf("asking the agent for certificates: %w", err)
	}
	admin := bootstrap.GetAdmin().GetAddress().GetSocketAddress()
	proxy, err := envoy.Start(envoy.Config{
		Bootstrap: bootstrap, Dial: dialer(bootstrap, "xds-grpc"), Secrets: secrets,
		AdminAddress: net.JoinHostPort(admin.GetAddress(), strconv.Itoa(int(admin.GetPortValue()))),
	})
	if err != nil {
		return err
	}
	return serve(ctx, proxy, talk)
}

// dialer connects to the one endpoint of a cluster of the bootstrap.
func dialer(bootstrap *bootstrapv3.Bootstrap, cluster string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		for _, c := range bootstrap.GetStaticResources().GetClusters() {
			for _, group := range c.GetLoadAssignment().GetEndpoints() {
				for _, endpoint := range group.GetLbEndpoints() {
					if c.GetName() == cluster {
						return connect(ctx, endpoint.GetEndpoint().GetAddress())
					}
				}
			}
		}
		return nil, fmt.Errorf("the bootstrap has no cluster %s with an endpoint", cluster)
	}
}

func connect(ctx context.Context, to *corev3.Address) (net.Conn, error) {
	if pipe := to.GetPipe(); pipe != nil {
		return new(net.Dialer).DialContext(ctx, "unix", pipe.GetPath())
	}
	socket := to.GetSocketAddress()
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue()))))
}

// agentTimeout bounds asking for secrets.
const agentTimeout = 10 * time.Second

// agentSecrets gets the workload's own certificate and the mesh's root.
func agentSecrets(ctx context.Context, dial func(context.Context) (net.Conn, error)) ([]*tlsv3.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, agentTimeout)
	defer cancel()
	connection, err := grpc.NewClient("passthrough:///agent", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	stream, err := secretv3.NewSecretDiscoveryServiceClient(connection).StreamSecrets(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&discoveryv3.DiscoveryRequest{TypeUrl: envoy.SecretType, ResourceNames: []string{"default", "ROOTCA"}}); err != nil {
		return nil, err
	}
	response, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	var secrets []*tlsv3.Secret
	for _, packed := range response.GetResources() {
		secret := &tlsv3.Secret{}
		if err := packed.UnmarshalTo(secret); err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}
