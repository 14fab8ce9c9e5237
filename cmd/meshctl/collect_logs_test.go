package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/snapshot"
)

func TestCollectKeepsTheLogsOfATime(t *testing.T) {
	s := meshServer(t)
	query := ""
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		if r.URL.Query().Get("previous") == "" {
			query = r.URL.Query().Encode()
		}
		io.WriteString(w, "2026-10-31T10:00:00.5Z before\n2026-10-31T11:00:00.5Z first\n of two lines\n2026-10-31T11:10:00Z second\n2026-10-31T12:00:01Z after\n")
		return true
	})
	const first, second = "2026-10-31T11:00:00.5Z first\n of two lines\n", "2026-10-31T11:10:00Z second\n"
	tests := []struct {
		args, want string
		since      bool // the API server is asked for a part only
	}{
		{"--start-time 2026-10-31T11:00:00Z --end-time 2026-10-31T12:00:00Z", first + second, true},
		{"--duration 55m --end-time 2026-10-31T12:00:00Z", second, true},
		{"--end-time 2026-10-31T11:05:00+00:00", "2026-10-31T10:00:00.5Z before\n" + first, false},
		{"--end-time 2026-10-31T12:00:00Z --tail 1", second, false},
		{"--end-time 2026-10-31T12:00:00Z --log-size 30", second, false},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			name, _ := collectMesh(t, s, append(strings.Fields(tt.args), "--include", "shop")...)
			archive, err := snapshot.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer archive.Close()
			in, err := archive.Open("logs/shop/web-1/istio-proxy.log")
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			got, err := io.ReadAll(in)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if strings.Contains(query, "sinceSeconds") != tt.since || strings.Contains(query, "tailLines") {
				t.Errorf("the API server was asked for %s", query)
			}
		})
	}
	for _, args := range []string{"--start-time yesterday", "--start-time 2026-10-31T11:00:00Z --since 1h", "--start-time 2026-10-31T11:00:00Z --end-time 2026-10-31T10:00:00Z"} {
		if got := meshctl(testEnv(t, ""), append([]string{"collect"}, strings.Fields(args)...)...); got.code != exitUsage || !strings.Contains(got.stderr, "--start-time") {
			t.Errorf("%s: exit %d: %s", args, got.code, got.stderr)
		}
	}
}

// The end of a log is what one needs: the API server's own limit would keep its beginning.
func TestCollectKeepsTheEndOfALongLog(t *testing.T) {
	s := meshServer(t)
	query := ""
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		query = r.URL.Query().Encode()
		io.WriteString(w, "no time stamp\n2026-10-31T10:00:00Z first\n2026-10-31T11:00:00Z last\n")
		return true
	})
	for size, want := range map[string]string{
		"30": "2026-10-31T11:00:00Z last\n", "0": "no time stamp\n2026-10-31T10:00:00Z first\n2026-10-31T11:00:00Z last\n",
	} {
		name, _ := collectMesh(t, s, "--log-size", size, "--tail", "7", "--include", "shop")
		archive, err := snapshot.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		in, err := archive.Open("logs/shop/web-1/istio-proxy.log")
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		got, err := io.ReadAll(in)
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Error(size, err, diff)
		}
		if strings.Contains(query, "limitBytes") || !strings.Contains(query, "tailLines=7") {
			t.Errorf("the API server was asked for %s", query)
		}
	}
}
