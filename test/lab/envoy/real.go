package envoy

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// BinaryVariable names the environment variable with the path of an Envoy to
// run. Set to nothing it has all proxies simulated, whatever is on PATH.
const BinaryVariable = "ENVOY_BIN"

// FindBinary returns the path of the Envoy to run instead of a simulation: the
// one that ENVOY_BIN names, or else "envoy" on PATH; "" if there is none.
func FindBinary() (string, error) {
	path, set := os.LookupEnv(BinaryVariable)
	if !set {
		found, err := exec.LookPath("envoy")
		if err != nil {
			return "", nil // none is installed
		}
		return found, nil
	}
	if path == "" {
		return "", nil
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("finding the Envoy that %s names: %w", BinaryVariable, err)
	}
	return filepath.Abs(found)
}

// Real is a real Envoy to be run by somebody else, with everything around it
// that a pod has.
type Real struct {
	*Proxy
	dir   string
	admin *url.URL // its own admin port
}

// Prepare makes everything that a real Envoy needs: an agent in dir, and an admin
// port of which a test can say that it is slow or closed. Run it with Args.
func Prepare(config Config, dir string) (*Real, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of an Envoy: %w", err)
	}
	r := &Real{Proxy: newProxy(config), dir: dir}
	r.Proxy.real = r
	var err error
	if r.Proxy.agent, err = startAgent(r.Proxy, dir); err != nil {
		return nil, err
	}
	if r.Proxy.admin, err = openAdmin(http.HandlerFunc(r.serveAdmin), config.AdminAddress); err != nil {
		r.Proxy.agent.close()
		return nil, err
	}
	return r, nil
}

// Args writes the bootstrap for an Envoy whose admin port is to be at a port of
// loopback, and returns the arguments to start it with.
func (r *Real) Args(adminPort int) ([]string, error) {
	bootstrap := r.bootstrap(adminPort)
	data, err := protojson.MarshalOptions{UseProtoNames: true, Multiline: true}.Marshal(bootstrap)
	if err != nil {
		return nil, fmt.Errorf("writing the bootstrap of an Envoy: %w", err)
	}
	file := filepath.Join(r.dir, "bootstrap.json")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		return nil, fmt.Errorf("writing the bootstrap of an Envoy: %w", err)
	}
	r.mu.Lock()
	r.admin = &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", adminPort)}
	r.mu.Unlock()
	return []string{
		"-c", file, "--service-node", bootstrap.GetNode().GetId(), "--service-cluster", bootstrap.GetNode().GetCluster(),
		"--disable-hot-restart", "--concurrency", "1", "--log-level", "warning",
	}, nil
}

// bootstrap is that of the pod, with the addresses that lead to the agent, and
// with free ports of loopback where a pod has ports of its own.
func (r *Real) bootstrap(adminPort int) *bootstrapv3.Bootstrap {
	b := proto.CloneOf(r.config.Bootstrap)
	b.Admin.Address = loopback(adminPort)
	for _, listener := range b.GetStaticResources().GetListeners() {
		listener.Address = loopback(0)
	}
	for _, cluster := range b.GetStaticResources().GetClusters() {
		endpoint := cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint()
		switch cluster.GetName() {
		case "xds-grpc", "sds-grpc":
			endpoint.Address = &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: socketOf(r.dir)}}}
		case "prometheus_stats":
			endpoint.Address = loopback(adminPort)
		}
	}
	return b
}

func loopback(port int) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}

// Ready returns nil when the Envoy says that it has its configuration.
func (r *Real) Ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.own().JoinPath("ready").String(), http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", request.URL, response.Status)
	}
	return nil
}

// serveAdmin leads to the Envoy's own admin port. The health that istio's agent
// tells is the Envoy's.
func (r *Real) serveAdmin(w http.ResponseWriter, request *http.Request) {
	(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(r.own())
		if p.In.URL.Path == "/healthz/ready" {
			p.Out.URL.Path = "/ready"
		}
	}}).ServeHTTP(w, request)
}

func (r *Real) own() *url.URL {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.admin == nil {
		return &url.URL{Scheme: "http", Host: "127.0.0.1:0"} // not started yet
	}
	return r.admin
}
