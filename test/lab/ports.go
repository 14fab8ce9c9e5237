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
//
// A component listens on its port some time after it was chosen. So that no other
// lab chooses it meanwhile, in this process or another, a lab takes its ports from
// blocks, and listens on the first port of each block for as long as it lives.
type ports struct {
	mu     sync.Mutex
	guards []net.Listener
	free   []int // of the last block
}

const firstPort, lastPort, blockSize = 18000, 31999, 100

// next returns a port that nobody listens on and that it has not returned before.
func (p *ports) next() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range 1000 {
		if len(p.free) == 0 {
			p.takeBlock()
			continue
		}
		port := p.free[0]
		p.free = p.free[1:]
		if isFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("finding a free port on %s between %d and %d: none of 1000 was free", loopback, firstPort, lastPort)
}

// takeBlock takes the ports of some block, unless another lab has it. The caller
// holds the lock.
func (p *ports) takeBlock() {
	first := firstPort + blockSize*rand.IntN((lastPort-firstPort+1)/blockSize)
	guard, err := net.Listen("tcp", address(first))
	if err != nil {
		return
	}
	p.guards = append(p.guards, guard)
	for port := first + 1; port < first+blockSize; port++ {
		p.free = append(p.free, port)
	}
}

// close gives the blocks to other labs.
func (p *ports) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, guard := range p.guards {
		guard.Close()
	}
	p.guards, p.free = nil, nil
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
