package lab_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/meshctl/meshctl/test/lab"
)

// A mapping is in force when MapPort returns, also one that replaces another.
func TestAMappedPortLeadsWhereItWasMapped(t *testing.T) {
	c := shared.In(t)
	c.Apply(`{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: web}]}}`)
	c.WaitForRollouts()
	for i := range 5 {
		page := fmt.Sprintf("page %d", i)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) }))
		defer server.Close()
		c.MapPort("web", 8080, server.URL)
		if got := throughForward(t, c, "web", 8080); got != page {
			t.Errorf("through a port-forward: %q, want %q", got, page)
		}
	}
}

// What is held through a port-forward ends when the port is mapped anew, and when
// a test cuts it.
func TestAHeldConnectionIsCut(t *testing.T) {
	c := shared.In(t)
	c.Apply(`{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: web}]}}`)
	c.WaitForRollouts()
	started := make(chan struct{})
	endless := func() string {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			started <- struct{}{}
			<-r.Context().Done()
		}))
		t.Cleanup(server.Close)
		t.Cleanup(server.CloseClientConnections) // kwok keeps them
		return server.URL
	}
	for _, tt := range []struct {
		name string
		cut  func()
	}{
		{"by a new mapping", func() { c.MapPort("web", 8080, endless()) }},
		{"by the test", func() { c.CutForwards("web") }},
	} {
		c.MapPort("web", 8080, endless())
		local := forward(t, c, "web", 8080)
		ended := make(chan error, 1)
		go func() {
			response, err := http.Get(local)
			if err == nil {
				response.Body.Close()
			}
			ended <- err
		}()
		<-started
		tt.cut()
		select {
		case err := <-ended:
			if err == nil {
				t.Errorf("%s: an endless page has ended well", tt.name)
			}
		case <-c.Context().Done():
			t.Fatalf("%s: the connection was not cut", tt.name)
		}
	}
}

// throughForward reads the page that a forwarded port of a pod shows.
func throughForward(t *testing.T, c *lab.Case, pod string, port int) string {
	t.Helper()
	response, err := http.Get(forward(t, c, pod, port))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// forward opens a port-forward for the time of the test and returns its local URL.
func forward(t *testing.T, c *lab.Case, pod string, port int) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		t.Fatal(err)
	}
	url := c.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(c.Namespace).Name(pod).SubResource("portforward").URL()
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.New(spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url),
		[]string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	t.Cleanup(func() { close(stop); <-ended })
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d/", ports[0].Local)
}
