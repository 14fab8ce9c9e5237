package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// browserPage does what web interfaces do: it loads scripts and data, follows
// server-sent events and talks over a WebSocket, again and again where that
// breaks. What it has seen it reports to /saw/...
const browserPage = `<!DOCTYPE html>
<title>dashboard</title>
<body>
<script src="/app.js"></script>
`

const browserScript = `
const saw = what => fetch("/saw/" + what, {method: "POST"});
fetch("/data").then(r => r.json()).then(d => saw("data-" + d.value));
const events = new EventSource("/events"); // a browser connects it again by itself
events.onmessage = e => saw("event-" + e.data);
function talk() {
  const socket = new WebSocket("ws://" + location.host + "/socket");
  socket.onopen = () => socket.send("hello");
  socket.onmessage = m => saw("socket-" + m.data);
  socket.onclose = () => setTimeout(talk, 200);
}
talk();
`

// browserServer serves the page. Each connection of events and sockets tells a
// number of its own.
func browserServer(t *testing.T) (address string, saw <-chan string) {
	reports := make(chan string, 1000)
	events, sockets := make(chan int, 1000), make(chan int, 1000)
	for i := range 1000 {
		events <- i + 1
		sockets <- i + 1
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, browserPage) })
	mux.HandleFunc("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, browserScript)
	})
	mux.HandleFunc("/data", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"value": 42}`) })
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "retry: 200\ndata: %d\n\n", <-events)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		number := <-sockets
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			_ = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%s-%d", text, number)) // a browser that went away says so at the next read
		}
	})
	mux.HandleFunc("/saw/{what}", func(_ http.ResponseWriter, r *http.Request) { reports <- r.PathValue("what") })
	return web(t, mux.ServeHTTP), reports
}

// A real browser loads a page through the forward, with data, events and a
// WebSocket, and goes on with all of them after the forward has healed.
func TestARealBrowserSeesADashboard(t *testing.T) {
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("no chromium on PATH; what browsers do is done by TestDashboardCarriesWhatBrowsersDo all the same")
	}
	address, saw := browserServer(t)
	s := kubetest.NewServer(t, dashboardPod("a", "p", "app: zipkin", 9411))
	s.Forward("a", "p", 9411, address)
	r := startDashboard(t, s, "zipkin", "--path", "/", "--port", "0")

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	profile, err := os.MkdirTemp("", "browser-of-meshctl")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, browser,
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+profile, "--remote-debugging-port=0", r.url()) // the port keeps it open
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that its children end, too
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it was stopped
		// Its children may write a last word into the profile after its end.
		for range 50 {
			if os.RemoveAll(profile) == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	wait := func(wanted ...string) {
		t.Helper()
		open := map[string]bool{}
		for _, what := range wanted {
			open[what] = true
		}
		for len(open) > 0 {
			select {
			case what := <-saw:
				delete(open, what)
			case <-ctx.Done():
				t.Fatalf("the browser did not report %v\n%s", open, r.stderr)
			}
		}
	}
	wait("data-42", "event-1", "socket-hello-1")
	s.BreakTunnels()
	wait("event-2", "socket-hello-2")
}
