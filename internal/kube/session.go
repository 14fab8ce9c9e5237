package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moby/spdystream/spdy"
)

// session is the client's side of one port-forward connection: any number of
// streams over one two-way byte stream, framed as SPDY/3.1. It is written
// here because the library's connection leaks goroutines when the peer goes
// away at the wrong moment, cannot be cancelled, and lets one reader that
// stalls hold up all others.
type session struct {
	conn   io.ReadWriteCloser
	framer *spdy.Framer

	writing sync.Mutex // guards framer's writer and out
	out     *bufio.Writer

	mu      sync.Mutex
	streams map[spdy.StreamId]*stream
	nextID  spdy.StreamId
	request int   // the last port-forward request's number
	err     error // why the session ended
	done    chan struct{}
	pings   map[uint32]chan struct{}
	pingID  uint32
	waiting atomic.Bool
}

// writeTimeout bounds how long a peer may refuse to take a frame.
const writeTimeout = 30 * time.Second

// errStalled tells a dialler to use another session.
var errStalled = errors.New("another connection through the same port-forward is stalled")

var errSessionClosed = errors.New("the port-forward was closed")

func newSession(conn io.ReadWriteCloser) (*session, error) {
	out := bufio.NewWriterSize(conn, 32<<10)
	framer, err := spdy.NewFramer(out, bufio.NewReaderSize(conn, 64<<10))
	if err != nil {
		conn.Close()
		return nil, err
	}
	s := &session{
		conn: conn, framer: framer, out: out, nextID: 1, pingID: 1,
		streams: map[spdy.StreamId]*stream{}, pings: map[uint32]chan struct{}{}, done: make(chan struct{}),
	}
	go s.readFrames()
	return s, nil
}

// Close ends the session and all its streams.
func (s *session) Close() error {
	s.fail(errSessionClosed)
	return nil
}

// fail ends the session for the given reason; only the first one counts.
func (s *session) fail(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	streams := s.streams
	s.streams = nil
	close(s.done)
	s.mu.Unlock()
	s.conn.Close()
	for _, st := range streams {
		st.fail(err)
	}
}

// active is the number of open streams and whether more can be opened.
func (s *session) active() (streams int, usable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams), s.err == nil
}

// stalled reports that a stream's reader is so late that the session waits for it.
func (s *session) stalled() bool { return s.waiting.Load() }

// lags reports that a stream's reader is late, so that the session may stall soon.
func (s *session) lags() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		if st.backlog() > lagging {
			return true
		}
	}
	return s.stalled()
}

func (s *session) write(frame spdy.Frame) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.writeLocked(frame)
}

func (s *session) writeLocked(frame spdy.Frame) error {
	stuck := time.AfterFunc(writeTimeout, func() {
		s.fail(fmt.Errorf("the port-forward took no data for %s", writeTimeout))
	})
	defer stuck.Stop()
	err := s.framer.WriteFrame(frame)
	if err == nil {
		err = s.out.Flush()
	}
	if err != nil {
		s.fail(fmt.Errorf("the port-forward broke: %w", err))
	}
	return err
}

func (s *session) readFrames() {
	for {
		frame, err := s.framer.ReadFrame()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			s.fail(fmt.Errorf("the port-forward broke: %w", err))
			return
		}
		switch f := frame.(type) {
		case *spdy.SynReplyFrame:
			if st := s.stream(f.StreamId); st != nil {
				st.open()
				if f.CFHeader.Flags&spdy.ControlFlagFin != 0 {
					st.end()
				}
			}
		case *spdy.DataFrame:
			if st := s.stream(f.StreamId); st != nil {
				st.receive(f.Data)
				if f.Flags&spdy.DataFlagFin != 0 {
					st.end()
				}
			}
		case *spdy.RstStreamFrame:
			if st := s.forget(f.StreamId); st != nil {
				st.fail(podError{"the pod's side reset the connection"})
			}
		case *spdy.PingFrame:
			s.ping(f)
		case *spdy.GoAwayFrame:
			s.fail(errors.New("the API server or kubelet ended the port-forward"))
			return
		}
	}
}

func (s *session) ping(f *spdy.PingFrame) {
	if f.Id%2 == 0 { // the server's own: echo it, without holding up reading
		go func() { _ = s.write(f) }() // a broken connection shows at the next read
		return
	}
	s.mu.Lock()
	if answered, ok := s.pings[f.Id]; ok {
		close(answered)
		delete(s.pings, f.Id)
	}
	s.mu.Unlock()
}

// check asks the peer for a sign of life.
func (s *session) check(ctx context.Context) error {
	s.mu.Lock()
	id, answered := s.pingID, make(chan struct{})
	s.pingID += 2
	s.pings[id] = answered
	s.mu.Unlock()
	sent := make(chan error, 1)
	go func() { sent <- s.write(&spdy.PingFrame{Id: id}) }()
	for {
		select {
		case err := <-sent:
			if err != nil {
				return err
			}
			sent = nil
		case <-answered:
			return nil
		case <-s.done:
			return s.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *session) stream(id spdy.StreamId) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[id]
}

func (s *session) forget(id spdy.StreamId) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[id]
	delete(s.streams, id)
	return st
}

// start opens a stream without waiting for the peer's answer. Ids must reach
// the peer in rising order, so number and frame go out under one lock.
func (s *session) start(headers http.Header) (*stream, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return nil, s.err
	}
	st := newStream(s, s.nextID)
	s.streams[st.id] = st
	s.nextID += 2
	s.mu.Unlock()
	return st, s.writeLocked(&spdy.SynStreamFrame{StreamId: st.id, Headers: headers})
}

// dial opens a connection to a port of the pod: an error stream, on which the
// kubelet explains itself, and a data stream (the protocol portforward.k8s.io).
func (s *session) dial(ctx context.Context, port int) (net.Conn, error) {
	s.mu.Lock()
	s.request++
	request := s.request
	s.mu.Unlock()
	headers := func(kind string) http.Header {
		h := http.Header{}
		h.Set("streamType", kind)
		h.Set("port", fmt.Sprint(port))
		h.Set("requestID", fmt.Sprint(request))
		return h
	}
	type outcome struct {
		conn *forwardedConn
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		conn, err := s.dialStreams(ctx, headers, port)
		done <- outcome{conn, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, o.err
		}
		return o.conn, nil
	case <-ctx.Done():
		go func() {
			if o := <-done; o.conn != nil {
				o.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// dialStreams sends everything before it waits, to save round trips.
func (s *session) dialStreams(ctx context.Context, headers func(kind string) http.Header, port int) (*forwardedConn, error) {
	problems, err := s.start(headers("error"))
	if err != nil {
		return nil, err
	}
	data, err := s.start(headers("data"))
	if err != nil {
		problems.Close()
		return nil, err
	}
	conn := newForwardedConn(data, problems, port)
	if err = problems.CloseWrite(); err == nil {
		err = data.waitOpen(ctx)
	}
	if err != nil {
		err = conn.explained(err)
		conn.Close()
		return nil, err
	}
	return conn, nil
}
