package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// Component is one program of the lab that can be stopped and started again.
type Component struct {
	lab   *Lab
	name  string
	grace time.Duration // between asking it to end and killing it
	log   string        // file for the log of the container that it stands for, "" for none

	// launch chooses ports where none were chosen before (again after
	// errPortTaken) and returns how to run the program and how to see that it
	// is ready.
	launch func() (launch, error)

	mu      sync.Mutex
	current *process
}

// launch is how a component is run.
type launch struct {
	binary    string
	args, env []string
	ready     func(context.Context) error
}

// startAttempts bounds how often a component is started again after somebody
// took its port.
const startAttempts = 5

// Start runs the component and returns when it is ready. Starting one that
// runs does nothing.
func (c *Component) Start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running() {
		return nil
	}
	var err error
	for range startAttempts {
		var how launch
		if how, err = c.launch(); err != nil {
			return fmt.Errorf("starting %s: %w", c.name, err)
		}
		var p *process
		if p, err = c.lab.startProcess(c.name, how, c.log); err != nil {
			return err
		}
		c.current = p
		if err = p.waitReady(ctx, how.ready); err == nil {
			return nil
		}
		p.stop(0)
		if !errors.Is(err, errPortTaken) {
			return err
		}
		// What was logged about the taken port must not be found again.
		_ = os.Remove(p.log)
	}
	return err
}

// Stop ends the component. Its ports refuse connections until it is started
// again. Stopping one that does not run does nothing.
func (c *Component) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		c.current.stop(c.grace)
	}
}

// Restart stops the component and starts it again on the same ports.
func (c *Component) Restart(ctx context.Context) error {
	c.Stop()
	return c.Start(ctx)
}

// Freeze makes the component hang: it keeps its connections and answers
// nothing until Thaw.
func (c *Component) Freeze() { c.send(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (c *Component) Thaw() { c.send(syscall.SIGCONT) }

// Log returns the end of what the component has logged.
func (c *Component) Log() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return ""
	}
	return c.current.tail()
}

func (c *Component) send(s syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running() {
		c.current.signal(s)
	}
}

func (c *Component) running() bool {
	if c.current == nil {
		return false
	}
	select {
	case <-c.current.exited:
		return false
	default:
		return true
	}
}
