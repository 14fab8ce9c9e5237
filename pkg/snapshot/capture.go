package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/resource"
)

// ErrNone is what Fetch returns if there is nothing to store, and nothing failed.
var ErrNone = errors.New("nothing to collect")

// Task collects one entry.
type Task struct {
	Path string
	// Source, if not empty, is who is asked within the group. One that twice did
	// not answer in time is not asked again.
	Source string
	Fetch  func(ctx context.Context) (io.ReadCloser, error)
}

// Group is tasks that are done one after the other, as they share a
// connection to a pod. Close, if not nil, runs at the end.
type Group struct {
	What  string // for the list of failures: "pod shop/web-1"
	Tasks []Task
	Close func() error
}

// ObjectTask collects the objects of a kind.
type ObjectTask struct {
	Kind Kind
	// Each hands over the objects one by one.
	Each func(ctx context.Context, each func(*resource.Object) error) error
}

// CaptureOptions bound a capture.
type CaptureOptions struct {
	Workers int   // things collected at once
	Budget  int64 // bytes of the archive after which nothing more is begun; 0 is no bound
	// Timeout bounds each Task; 0 is no bound.
	Timeout time.Duration
	// Until is the time after which nothing more is asked and what is there is
	// kept; the zero time is no bound.
	Until time.Time
	// Progress hears of each thing that is done; never twice at once.
	Progress func(done, total int, size int64)
}

// Capture collects objects and answers into an archive. What fails is
// recorded in the archive and does not stop the rest; the error says that the
// archive itself could not be written, or that ctx has ended.
func Capture(ctx context.Context, w *Writer, objects []ObjectTask, groups []Group, o CaptureOptions) error {
	c := capture{w: w, options: o, total: len(objects) + len(groups)}
	work, workCtx := errgroup.WithContext(ctx)
	work.SetLimit(max(o.Workers, 1))
	for _, task := range objects {
		work.Go(func() error {
			err := c.objects(workCtx, task)
			c.done()
			return err
		})
	}
	for _, group := range groups {
		work.Go(func() error {
			err := c.group(workCtx, group)
			c.done()
			return err
		})
	}
	return work.Wait()
}

type capture struct {
	w       *Writer
	options CaptureOptions
	total   int

	mu       sync.Mutex
	finished int
}

func (c *capture) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished++
	if c.options.Progress != nil {
		c.options.Progress(c.finished, c.total, c.w.Size())
	}
}

// late reports that the time is over, and records it.
func (c *capture) late() bool {
	if c.options.Until.IsZero() || time.Now().Before(c.options.Until) {
		return false
	}
	c.w.Late()
	return true
}

// question bounds what is asked for.
func (c *capture) question(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	until := c.options.Until
	if timeout > 0 {
		if end := time.Now().Add(timeout); until.IsZero() || end.Before(until) {
			until = end
		}
	}
	if until.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, until)
}

// over is why nothing more is to be asked for, or nil.
func (c *capture) over() error {
	switch {
	case c.late():
		return errLate
	case c.options.Budget > 0 && c.w.Size() >= c.options.Budget:
		c.w.Truncate()
		return errBudget
	}
	return nil
}

// Why something was left out.
var (
	errSilent = errors.New("left out: it did not answer in time before")
	errBudget = errors.New("left out: the size budget was used up")
	errLate   = errors.New("left out: the time was over")
)

func (c *capture) objects(ctx context.Context, task ObjectTask) error {
	what := "objects of kind " + task.Kind.Kind
	if reason := c.over(); reason != nil && ctx.Err() == nil {
		c.w.Fail(what, reason)
		return nil
	}
	path := ObjectsPath(task.Kind)
	counts := map[string]int{}
	spool, err := c.w.Spool()
	if err != nil {
		return err
	}
	defer spool.Close()
	n := 0
	bounded, cancel := c.question(ctx, 0)
	defer cancel()
	err = task.Each(bounded, func(o *resource.Object) error {
		line, err := redactObject(o, counts)
		if err == nil {
			n++
			_, err = spool.Write(line)
		}
		return err
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		if c.late() {
			err = fmt.Errorf("the time was over: %w", err)
		}
		c.w.Fail(what, err)
		if n == 0 {
			return nil
		}
	}
	c.w.AddKind(task.Kind)
	c.w.Redact(path, counts)
	return c.w.Add(path, spool, n)
}

func (c *capture) group(ctx context.Context, g Group) error {
	if g.Close != nil {
		defer func() { _ = g.Close() }() // what was read is kept whatever the connection's end
	}
	silent := map[string]int{}
	for _, task := range g.Tasks {
		if reason := c.over(); reason != nil && ctx.Err() == nil {
			c.w.Fail(g.What+": "+task.Path, reason)
			continue
		}
		if task.Source != "" && silent[task.Source] >= 2 {
			c.w.Fail(g.What+": "+task.Path, errSilent)
			continue
		}
		inTime, err := c.task(ctx, g, task)
		if err != nil {
			return err
		}
		if !inTime {
			silent[task.Source]++
		}
	}
	return nil
}

// task fetches, redacts and stores one answer. A part of an answer is kept. The
// error says that there is no point in going on.
func (c *capture) task(ctx context.Context, g Group, t Task) (inTime bool, err error) {
	bounded, cancel := c.question(ctx, c.options.Timeout)
	defer cancel()
	body, err := t.Fetch(bounded)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if errors.Is(err, ErrNone) {
		return true, nil
	}
	if err != nil {
		c.w.Fail(g.What, err)
		return bounded.Err() == nil, nil
	}
	defer body.Close()
	spool, err := c.w.Spool()
	if err != nil {
		return false, err
	}
	defer spool.Close()
	counts := map[string]int{}
	if err := redactStream(spool, body, counts); err != nil {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		c.w.Fail(g.What, fmt.Errorf("only a part of %s was received: %w", t.Path, err))
	}
	c.w.Redact(t.Path, counts)
	return bounded.Err() == nil, c.w.Add(t.Path, spool, 0)
}

// AnswerPath is the entry that holds a pod's answer to GET request on a port.
func AnswerPath(namespace, pod string, port int, request string) string {
	return answerPath(namespace, pod, fmt.Sprint(port), request)
}

// LogPath is the entry that holds the log of a container.
func LogPath(namespace, pod, container string, previous bool) string {
	name := container + ".log"
	if previous {
		name = container + ".previous.log"
	}
	return "logs/" + namespace + "/" + pod + "/" + name
}
