package kube

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/moby/spdystream/spdy"
)

// streamBuffer is how much a stream holds for a reader that is late; beyond
// it the whole session waits, since SPDY's own flow control is not in use.
const streamBuffer = 4 << 20

// lagging is the backlog of a stream from which on its session is left alone.
const lagging = 256 << 10

// stallCheck is how often an unanswered opening looks whether its session stalls.
const stallCheck = 100 * time.Millisecond

// stream is one of a session's streams.
type stream struct {
	session *session
	id      spdy.StreamId
	opened  chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when anything below changes
	chunks   [][]byte
	size     int
	isOpen   bool
	readErr  error // what Read returns once chunks are used up
	finished bool  // our side has sent its end
	deadline time.Time
}

func newStream(s *session, id spdy.StreamId) *stream {
	return &stream{session: s, id: id, opened: make(chan struct{}), changed: make(chan struct{})}
}

// update changes the state under the lock and wakes everybody who waits for it.
func (st *stream) update(change func()) {
	st.mu.Lock()
	change()
	close(st.changed)
	st.changed = make(chan struct{})
	st.mu.Unlock()
}

func (st *stream) open() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.isOpen {
		st.isOpen = true
		close(st.opened)
	}
}

// waitOpen waits for the peer's answer to the stream's opening.
func (st *stream) waitOpen(ctx context.Context) error {
	look := time.NewTicker(stallCheck)
	defer look.Stop()
	for {
		select {
		case <-st.opened:
			st.mu.Lock()
			defer st.mu.Unlock()
			if st.readErr != nil && !errors.Is(st.readErr, io.EOF) {
				return st.readErr
			}
			return nil
		case <-look.C:
			if st.session.stalled() {
				return errStalled
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// receive keeps data for the reader; it blocks while the buffer is full.
func (st *stream) receive(data []byte) {
	if len(data) == 0 {
		return
	}
	for {
		st.mu.Lock()
		if st.readErr != nil {
			st.mu.Unlock()
			return
		}
		if st.size < streamBuffer {
			st.mu.Unlock()
			st.update(func() {
				st.chunks = append(st.chunks, data)
				st.size += len(data)
			})
			return
		}
		changed := st.changed
		st.mu.Unlock()
		st.session.waiting.Store(true)
		<-changed
		st.session.waiting.Store(false)
	}
}

func (st *stream) backlog() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.size
}

// end is the peer's end of its data.
func (st *stream) end() {
	st.update(func() {
		if st.readErr == nil {
			st.readErr = io.EOF
		}
	})
	st.forgetIfDone()
}

// fail ends the stream for an error.
func (st *stream) fail(err error) {
	st.open()
	st.update(func() {
		if st.readErr == nil {
			st.readErr = err
		}
		st.finished = true
	})
}

// forgetIfDone lets go of a stream that both sides have ended.
func (st *stream) forgetIfDone() {
	st.mu.Lock()
	done := st.finished && st.readErr != nil
	st.mu.Unlock()
	if done {
		st.session.forget(st.id)
	}
}

// Read waits for data, the peer's end, an error or the read deadline.
func (st *stream) Read(p []byte) (int, error) {
	for {
		st.mu.Lock()
		if len(st.chunks) > 0 {
			n := copy(p, st.chunks[0])
			if st.chunks[0] = st.chunks[0][n:]; len(st.chunks[0]) == 0 {
				st.chunks = st.chunks[1:]
			}
			st.mu.Unlock()
			st.update(func() { st.size -= n })
			return n, nil
		}
		if st.readErr != nil {
			defer st.mu.Unlock()
			return 0, st.readErr
		}
		changed, deadline := st.changed, st.deadline
		st.mu.Unlock()
		if deadline.IsZero() {
			<-changed
			continue
		}
		timer := time.NewTimer(time.Until(deadline))
		select {
		case <-changed:
			timer.Stop()
		case <-timer.C:
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// maxFrame keeps one writer from holding the session for long.
const maxFrame = 32 << 10

// Write sends data to the peer.
func (st *stream) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		st.mu.Lock()
		finished, err := st.finished, st.readErr
		st.mu.Unlock()
		if finished {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrClosedPipe
			}
			return written, err
		}
		chunk := p[written:min(written+maxFrame, len(p))]
		if err := st.session.write(&spdy.DataFrame{StreamId: st.id, Data: chunk}); err != nil {
			return written, err
		}
		written += len(chunk)
	}
	return written, nil
}

// CloseWrite tells the peer that no more data comes.
func (st *stream) CloseWrite() error {
	st.mu.Lock()
	if st.finished {
		st.mu.Unlock()
		return nil
	}
	st.finished = true
	st.mu.Unlock()
	err := st.session.write(&spdy.DataFrame{StreamId: st.id, Flags: spdy.DataFlagFin})
	st.forgetIfDone()
	return err
}

// Close ends the stream in both directions at once.
func (st *stream) Close() error {
	known := st.session.forget(st.id) != nil
	st.fail(io.ErrClosedPipe)
	st.update(func() { st.chunks, st.size = nil, 0 })
	if known {
		return st.session.write(&spdy.RstStreamFrame{StreamId: st.id, Status: spdy.Cancel})
	}
	return nil
}

func (st *stream) setReadDeadline(t time.Time) { st.update(func() { st.deadline = t }) }
