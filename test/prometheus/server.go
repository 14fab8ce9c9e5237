// Package prometheus gives tests a real Prometheus, filled with series of the
// shape that Istio's proxies, its control plane and the kubelets give.
package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshctl/meshctl/test/lab/tools"
)

// startLimit is far more than a Prometheus takes to start.
const startLimit = time.Minute

// Server is a Prometheus that runs as long as a test does.
type Server struct {
	URL string
}

// Start runs a Prometheus with a configuration: that of PROMETHEUS_BIN, such as
// Debian's, or else the one that the lab's tools have built.
func Start(t *testing.T, config string) *Server {
	t.Helper()
	binary := os.Getenv("PROMETHEUS_BIN")
	if binary == "" {
		var err error
		if binary, err = tools.EnsureOne(t.Context(), os.Stderr, "prometheus"); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for try := 1; ; try++ {
		s, err := start(t, binary, file, filepath.Join(dir, fmt.Sprint("data-", try)))
		if err == nil {
			return s
		}
		if strings.Contains(err.Error(), "field kubernetes_sd_configs not found") {
			t.Skip("this Prometheus was built without discovery in Kubernetes, as Debian's is: ", binary)
		}
		// Another process may have taken the port that was free a moment ago.
		if try == 3 || !strings.Contains(err.Error(), "address already in use") {
			t.Fatal(err)
		}
	}
}

func start(t *testing.T, binary, config, data string) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener.Close()
	// Not t.Context(): that ends before the process is waited for.
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "--config.file", config, "--storage.tsdb.path", data,
		"--web.listen-address", address, "--web.enable-remote-write-receiver", "--log.level", "warn")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		stop()
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s := &Server{URL: "http://" + address}
	deadline := time.After(startLimit)
	for {
		response, err := http.Get(s.URL + "/-/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				t.Cleanup(func() { stop(); <-ended })
				return s, nil
			}
		}
		select {
		case <-ended:
			stop()
			return nil, fmt.Errorf("%s ended:\n%s", binary, log.String())
		case <-deadline:
			stop()
			<-ended
			return nil, fmt.Errorf("%s is not ready after %s:\n%s", binary, startLimit, log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sample is one value of an answer.
type Sample struct {
	Metric map[string]string
	Value  [2]any // time and value as text
}

// Query runs an instant query, or says why it cannot be run.
func (s *Server) Query(promql string) ([]Sample, error) {
	var answer struct {
		Error string
		Data  struct{ Result []Sample }
	}
	if err := s.get("/api/v1/query?"+url.Values{"query": {promql}}.Encode(), &answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", promql, answer.Error)
	}
	return answer.Data.Result, nil
}

// Target is a place from which metrics are read, after relabelling.
type Target struct {
	ScrapeURL  string
	ScrapePool string
	Labels     map[string]string
}

// Targets lists them.
func (s *Server) Targets() ([]Target, error) {
	var answer struct {
		Data struct{ ActiveTargets []Target }
	}
	err := s.get("/api/v1/targets?state=active", &answer)
	return answer.Data.ActiveTargets, err
}

func (s *Server) get(path string, into any) error {
	response, err := http.Get(s.URL + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s answers %s: %w\n%s", path, response.Status, err, data)
	}
	return nil
}
