package ztunnel

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Config says which ztunnel is simulated and where it gets its state.
type Config struct {
	Node       string // the node that it serves
	Version    string // of Istio
	XDSAddress string // as it is configured to reach istiod
	// State returns what istiod's /debug/ambientz answers.
	State func(context.Context) ([]byte, error)
	// Certify has istiod sign a certificate for a SPIFFE URI and returns the
	// chain and the root, both PEM.
	Certify func(ctx context.Context, spiffe string) (chain, root []byte, err error)
}

// ZTunnel is a running simulation.
type ZTunnel struct {
	config  Config
	address string
	server  *http.Server

	mu           sync.Mutex
	certificates map[string]object // by SPIFFE URI
	level        string
}

// Start opens the admin port on a free port of the given host.
func Start(config Config, host string) (*ZTunnel, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, fmt.Errorf("opening the admin port of a ztunnel: %w", err)
	}
	z := &ZTunnel{config: config, address: listener.Addr().String(), certificates: map[string]object{}, level: "info"}
	mux := http.NewServeMux()
	mux.HandleFunc("/config_dump", z.serveDump)
	mux.HandleFunc("/logging", z.serveLogging)
	mux.HandleFunc("/healthz/ready", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ready") })
	for _, path := range []string{"/metrics", "/stats/prometheus"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "# TYPE istio_build gauge\nistio_build{component=\"ztunnel\",tag=%q} 1\n", config.Version)
		})
	}
	z.server = &http.Server{Handler: mux}
	go z.server.Serve(listener) // ends with Close
	return z, nil
}

// Address returns the host:port of the admin port.
func (z *ZTunnel) Address() string { return z.address }

// Close ends the ztunnel.
func (z *ZTunnel) Close() { z.server.Close() }

// stateTimeout bounds a question to istiod.
const stateTimeout = 10 * time.Second

func (z *ZTunnel) serveDump(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), stateTimeout)
	defer cancel()
	answer, err := z.config.State(ctx)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	state, err := parse(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	certificates, err := z.certify(ctx, state)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.Encode(z.dump(state, certificates))
}

// serveLogging serves /logging: POST with level=L changes the level.
func (z *ZTunnel) serveLogging(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "Invalid HTTP method\nusage: POST /logging\t\t\t\t\t\t(To list current level)\nusage: POST /logging?level=<level>\t\t\t\t(To change global levels)", http.StatusMethodNotAllowed)
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if level := r.URL.Query().Get("level"); level != "" {
		z.level = level
	}
	fmt.Fprintf(w, "current log level is %s\n", z.level)
}

// certify returns the certificates of all workloads on the node.
func (z *ZTunnel) certify(ctx context.Context, state *ambient) ([]object, error) {
	wanted := map[string]bool{}
	for _, w := range z.local(state) {
		domain := w.TrustDomain
		if domain == "" {
			domain = "cluster.local"
		}
		account := w.ServiceAccount
		if account == "" {
			account = "default"
		}
		wanted[fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", domain, w.Namespace, account)] = true
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	all := []object{}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if z.certificates[id] == nil {
			chain, root, err := z.config.Certify(ctx, id)
			if err != nil {
				return nil, err
			}
			z.certificates[id] = object{"identity": id, "state": "Available", "certChain": describe(chain), "rootCerts": describe(root)}
		}
		all = append(all, z.certificates[id])
	}
	return all, nil
}

// describe returns each certificate of a PEM chain as ztunnel shows it.
func describe(chain []byte) []object {
	all := []object{}
	for {
		var block *pem.Block
		if block, chain = pem.Decode(chain); block == nil {
			return all
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		all = append(all, object{
			"pem": string(pem.EncodeToMemory(block)), "serialNumber": c.SerialNumber.String(),
			"validFrom": c.NotBefore.Format(time.RFC3339), "expirationTime": c.NotAfter.Format(time.RFC3339),
		})
	}
}
