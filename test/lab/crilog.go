package lab

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"
)

// criLog is the log of a container as a container runtime writes it, and as kwok
// serves it: each line with its time. What a program writes goes to a second
// file as it is.
type criLog struct {
	plain, stamped *os.File

	mu   sync.Mutex
	rest []byte // a line that has not ended yet
}

// openCRILog opens both files to append to them.
func openCRILog(plain *os.File, path string) (*criLog, error) {
	stamped, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening a container's log: %w", err)
	}
	return &criLog{plain: plain, stamped: stamped}, nil
}

// Write takes what a program says.
func (c *criLog) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, err := c.plain.Write(text); err != nil {
		return n, err
	}
	c.rest = append(c.rest, text...)
	end := bytes.LastIndexByte(c.rest, '\n') + 1
	if _, err := c.stamped.Write(stamp(c.rest[:end], time.Now())); err != nil {
		return 0, err
	}
	c.rest = append([]byte(nil), c.rest[end:]...)
	return len(text), nil
}

// close ends the log; a line without an end is one all the same.
func (c *criLog) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rest) > 0 {
		c.stamped.Write(stamp(c.rest, time.Now())) // what is lost was a last word
	}
	c.plain.Close()
	c.stamped.Close()
}

// stamp puts lines into the format of CRI.
func stamp(lines []byte, at time.Time) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(lines) {
		fmt.Fprintf(&out, "%s stdout F %s\n", at.UTC().Format(time.RFC3339Nano), bytes.TrimSuffix(line, []byte("\n")))
	}
	return out.Bytes()
}
