package lab

import (
	"fmt"
	"net"
	"sync"
)

// relay leads connections to an address that can be changed. kwok keeps a
// connection where it once led; a relay cuts it.
type relay struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	held   map[net.Conn]bool
}

func (l *Lab) startRelay() (*relay, error) {
	port, err := l.ports.next()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address(port))
	if err != nil {
		return nil, fmt.Errorf("listening for a mapped port: %w", err)
	}
	r := &relay{listener: listener, held: map[net.Conn]bool{}}
	go r.serve()
	return r, nil
}

func (r *relay) address() string { return r.listener.Addr().String() }

// lead has new connections go to an address, and cuts the others.
func (r *relay) lead(target string) {
	r.mu.Lock()
	r.target = target
	r.mu.Unlock()
	r.cut()
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.held {
		c.Close()
	}
	clear(r.held)
}

func (r *relay) close() {
	r.listener.Close()
	r.cut()
}

func (r *relay) serve() {
	for {
		connection, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.mu.Lock()
		target := r.target
		r.held[connection] = true
		r.mu.Unlock()
		go func() {
			defer r.forget(connection)
			upstream, err := net.Dial("tcp", target)
			if err != nil {
				return // as a port on which nobody listens
			}
			splice(connection, upstream)
		}()
	}
}

func (r *relay) forget(connection net.Conn) {
	r.mu.Lock()
	delete(r.held, connection)
	r.mu.Unlock()
	connection.Close()
}
