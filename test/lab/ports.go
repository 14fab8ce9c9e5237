package lab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// loopback is the only address that anything in a lab listens on.
const loopback = "127.0.0.1"

// ports hands out free TCP ports of the loopback address. They lie below the
// range from which systems take the local ports of outgoing connections, so
// that a component that restarts finds its port still free.
type ports struct {
	mu    sync.Mutex
	taken map[int]bool
}

const firstPort, lastPort = 18000, 31999

// next returns a port that nobody listens on and that it has not returned before.
func (p *ports) next() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == nil {
		p.taken = map[int]bool{}
	}
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if p.taken[port] {
			continue
		}
		listener, err := net.Listen("tcp", address(port))
		if err != nil {
			continue
		}
		listener.Close()
		p.taken[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("finding a free port on %s between %d and %d: none of 1000 was free", loopback, firstPort, lastPort)
}

// listen listens on a free port. A lab that starts at the same moment may take
// the port first; then it is another one.
func (p *ports) listen() (listener net.Listener, port int, err error) {
	for range 10 {
		if port, err = p.next(); err != nil {
			return nil, 0, err
		}
		if listener, err = net.Listen("tcp", address(port)); err == nil {
			return listener, port, nil
		}
	}
	return nil, 0, err
}

// address returns host:port of a loopback port.
func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// fill chooses a port for each variable that has none, or whose port somebody
// else has taken since.
func (p *ports) fill(ports ...*int) error {
	for _, port := range ports {
		if *port != 0 && isFree(*port) {
			continue
		}
		var err error
		if *port, err = p.next(); err != nil {
			return err
		}
	}
	return nil
}

func isFree(port int) bool {
	listener, err := net.Listen("tcp", address(port))
	if err != nil {
		return false
	}
	listener.Close()
	return true
}
