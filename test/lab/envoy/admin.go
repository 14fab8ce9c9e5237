package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// admin is the admin port of a proxy.
type admin struct {
	handler http.Handler
	address string
	delay   atomic.Int64 // nanoseconds before each answer

	mu     sync.Mutex
	server *http.Server // nil while closed
}

func openAdmin(handler http.Handler, address string) (*admin, error) {
	a := &admin{handler: handler, address: address}
	return a, a.open()
}

func (a *admin) open() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		return nil
	}
	listener, err := net.Listen("tcp", a.address)
	if err != nil {
		return fmt.Errorf("opening an admin port: %w", err)
	}
	a.address = listener.Addr().String() // the same again when it is opened again
	// kwok does not tell when the other end of a forward has gone.
	a.server = &http.Server{Handler: http.HandlerFunc(a.serve), IdleTimeout: 30 * time.Second, ReadHeaderTimeout: 30 * time.Second}
	go a.server.Serve(listener) // ends with close
	return nil
}

func (a *admin) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		a.server.Close()
		a.server = nil
	}
}

// serve answers after the delay that was asked for.
func (a *admin) serve(w http.ResponseWriter, r *http.Request) {
	if delay := time.Duration(a.delay.Load()); delay > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(delay):
		}
	}
	a.handler.ServeHTTP(w, r)
}

// endpoints are those of an admin port and those that istio's agent adds on ports
// of its own.
func (p *Proxy) endpoints() http.Handler {
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{
		"/config_dump":      p.serveConfigDump,
		"/clusters":         p.serveClusters,
		"/listeners":        p.serveListeners,
		"/stats":            p.serveStats,
		"/stats/prometheus": p.servePrometheus,
		"/server_info":      p.serveServerInfo,
		"/certs":            p.serveCerts,
		"/memory":           p.serveMemory,
		"/runtime":          p.serveRuntime,
		"/ready":            p.serveReady,
		"/healthz/ready":    p.serveHealth, // of the agent
	} {
		mux.HandleFunc(path, serve)
	}
	levels := newLevels()
	mux.HandleFunc("/logging", levels.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "invalid path. admin commands are: config_dump, clusters, listeners, stats, server_info, certs, memory, runtime, ready, logging", http.StatusNotFound)
	})
	return mux
}

// writeProto answers with a message as JSON, as Envoy prints it.
func writeProto(w http.ResponseWriter, message proto.Message) {
	out, err := printProto(message)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(out)
}

// printProto prints a message as Envoy does. protojson puts random blanks into
// its output, which are taken out again.
func printProto(message proto.Message) ([]byte, error) {
	loose, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("printing %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	var tight, out bytes.Buffer
	if err := json.Compact(&tight, loose); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, tight.Bytes(), "", " "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
