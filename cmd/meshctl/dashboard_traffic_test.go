package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestDashboardCarriesWhatBrowsersDo(t *testing.T) {
	const size = 200 << 20
	block := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	events := make(chan string)
	sockets := websocket.Upgrader{}
	s := kubetest.NewServer(t, dashboardPod("a", "prom", "app.kubernetes.io/name: prometheus", 9090))
	s.Forward("a", "prom", 9090, web(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big":
			for sent := 0; sent < size; sent += len(block) {
				w.Write(block)
			}
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			for event := range events {
				fmt.Fprintf(w, "data: %s\n\n", event)
				w.(http.Flusher).Flush()
			}
		case "/socket":
			conn, err := sockets.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			kind, message, err := conn.ReadMessage()
			if err == nil {
				conn.WriteMessage(kind, bytes.ToUpper(message))
			}
		default:
			io.WriteString(w, r.URL.Path)
		}
	}))
	url := startDashboard(t, s, "prometheus").url()

	t.Run("a hundred requests at once", func(t *testing.T) {
		var work errgroup.Group
		for i := range 100 {
			work.Go(func() error {
				path := fmt.Sprintf("/%d", i)
				body, err := get(url + path)
				if err == nil && body != path {
					err = fmt.Errorf("%s: got %q", path, body)
				}
				return err
			})
		}
		if err := work.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Run("200 MB", func(t *testing.T) {
		response, err := http.Get(url + "/big")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		got, want := sha256.New(), sha256.New()
		n, err := io.Copy(got, response.Body)
		for sent := 0; sent < size; sent += len(block) {
			want.Write(block)
		}
		if err != nil || n != size || !same(got, want) {
			t.Errorf("got %d bytes, %v", n, err)
		}
	})
	t.Run("server-sent events", func(t *testing.T) {
		go func() { events <- "first" }()
		response, err := http.Get(url + "/events")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		buffer := make([]byte, 100)
		for _, event := range []string{"first", "second"} {
			n, err := response.Body.Read(buffer)
			if got := string(buffer[:n]); got != "data: "+event+"\n\n" {
				t.Fatalf("got %q, %v", got, err)
			}
			if event == "first" {
				events <- "second"
			}
		}
		close(events)
	})
	t.Run("WebSocket", func(t *testing.T) {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/socket", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte("hello"))
		if _, message, err := conn.ReadMessage(); string(message) != "HELLO" {
			t.Errorf("got %q, %v", message, err)
		}
	})
}

func same(a, b hash.Hash) bool { return bytes.Equal(a.Sum(nil), b.Sum(nil)) }
