package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// loggedContainer is a container whose log is collected.
type loggedContainer struct {
	name      string
	restarted bool
}

// logged are the proxy's container of an application's pod, and all containers
// of pods in Istio's namespace.
func logged(pod *corev1.Pod, istioNamespace string) []loggedContainer {
	var list []loggedContainer
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for _, s := range statuses {
			if pod.Namespace == istioNamespace || s.Name == "istio-proxy" {
				list = append(list, loggedContainer{s.Name, s.RestartCount > 0})
			}
		}
	}
	return list
}

// logTasks collect the logs of a pod's containers.
func (o *collectOptions) logTasks(cluster *kube.Cluster, pod *corev1.Pod, about snapshot.Pod, istioNamespace string) []snapshot.Task {
	var tasks []snapshot.Task
	for _, c := range logged(pod, istioNamespace) {
		if !o.picks.Picks(about, c.name) {
			continue
		}
		for _, previous := range []bool{false, true} {
			if previous && !c.restarted {
				continue
			}
			options := o.window.options(kube.LogOptions{Container: c.name, Previous: previous, Tail: o.tail, Timestamps: true})
			tasks = append(tasks, snapshot.Task{
				Path: snapshot.LogPath(pod.Namespace, pod.Name, c.name, previous),
				Fetch: func(ctx context.Context) (io.ReadCloser, error) {
					body, err := cluster.Logs(ctx, pod.Namespace, pod.Name, options)
					if err != nil || o.window.to.IsZero() && o.logBytes == 0 {
						return body, err
					}
					defer body.Close()
					return o.window.cut(body, o.tail, o.logBytes), nil
				},
			})
		}
	}
	return tasks
}

// logWindow is the time of which logs are collected.
type logWindow struct {
	from, to time.Time     // zero: no bound
	since    time.Duration // from now back to from, for the API server
}

// newLogWindow reads --start-time, --end-time and --since.
func newLogWindow(begin, end string, since time.Duration, now time.Time) (w logWindow, err error) {
	if begin != "" && since > 0 {
		return w, usagef("--start-time and --since (or --duration) both say where the logs begin; give one")
	}
	if w.from, err = logTime("--start-time", begin); err != nil {
		return w, err
	}
	if w.to, err = logTime("--end-time", end); err != nil {
		return w, err
	}
	if since > 0 {
		w.from = now.Add(-since)
		if !w.to.IsZero() {
			w.from = w.to.Add(-since)
		}
	}
	if last := w.to; !w.from.IsZero() {
		if last.IsZero() {
			last = now
		}
		if !w.from.Before(last) {
			return w, usagef("--start-time %s is not before %s, where the logs end", begin, last.Format(time.RFC3339))
		}
		// The server counts whole seconds: rather a second too much.
		w.since = now.Sub(w.from).Truncate(time.Second) + time.Second
		if since > 0 && w.to.IsZero() {
			w.since = since
		}
	}
	return w, nil
}

func logTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, usagef("%s %q: expected a time such as 2026-11-21T08:30:00Z (RFC 3339)", flag, text)
	}
	return t, nil
}

// options are those for the API server. It cannot end a log earlier, so with an
// end the last lines are counted by cut. Its limit of bytes would keep a log's
// beginning; what one looks for is at the end.
func (w logWindow) options(o kube.LogOptions) kube.LogOptions {
	o.Since = w.since
	if !w.to.IsZero() {
		o.Tail = 0
	}
	return o
}

// cut keeps of a log with time stamps the last lines that lie in the window: at
// most so many (0: all), and at most so many bytes (0: all). If the log breaks
// off, so does what is returned.
func (w logWindow) cut(log io.Reader, tail, limit int64) io.ReadCloser {
	var kept []byte
	var broken error
	lines := bufio.NewReaderSize(log, 64<<10)
	inside := w == logWindow{}
	for {
		line, err := lines.ReadBytes('\n')
		// A line without a time stamp belongs to the one before it.
		if stamp, _, ok := bytes.Cut(line, []byte(" ")); ok {
			if at, bad := time.Parse(time.RFC3339Nano, string(stamp)); bad == nil {
				if !w.to.IsZero() && at.After(w.to) {
					break
				}
				inside = !at.Before(w.from)
			}
		}
		if inside {
			kept = append(kept, line...)
		}
		if int64(len(kept)) > 2*limit && limit > 0 {
			kept = append(kept[:0], lastBytes(kept, limit)...)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			broken = fmt.Errorf("reading a log: %w", err)
			break
		}
	}
	kept = lastLines(lastBytes(kept, limit), tail)
	return io.NopCloser(io.MultiReader(bytes.NewReader(kept), brokenReader{broken}))
}

// brokenReader is the end of a stream, or where it broke off.
type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return 0, io.EOF
}

// lastBytes are whole lines from the end that have no more than limit bytes (0: all).
func lastBytes(text []byte, limit int64) []byte {
	if limit == 0 || int64(len(text)) <= limit {
		return text
	}
	_, rest, _ := bytes.Cut(text[int64(len(text))-limit-1:], []byte("\n"))
	return rest
}

// lastLines are the last n lines (0: all).
func lastLines(text []byte, n int64) []byte {
	if n == 0 {
		return text
	}
	at := len(text)
	for ; n > 0 && at > 0; n-- {
		at = bytes.LastIndexByte(text[:at-1], '\n') + 1
	}
	return text[at:]
}
