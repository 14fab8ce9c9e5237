package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

// levelOptions are the flags of the commands that show and set what proxies log.
type levelOptions struct {
	level  string
	reset  bool
	during time.Duration
}

// register adds the flags. A part is what has a level of its own, initial the level that
// --reset gives to all of them.
func (o *levelOptions) register(fs *pflag.FlagSet, part, initial string) {
	fs.StringVar(&o.level, "level", "", "set `levels`: one for all, or "+part+":level, separated by commas")
	fs.BoolVarP(&o.reset, "reset", "r", false, "set all levels to "+initial)
	duringFlag(fs, &o.during)
}

// duringFlag is for levels that are not to stay.
func duringFlag(fs *pflag.FlagSet, during *time.Duration) {
	fs.DurationVar(during, "for", 0, "restore the levels after this `time`, or when interrupted")
}

func (o levelOptions) validate() error {
	switch {
	case o.reset && o.level != "":
		return usagef("--reset and --level exclude each other")
	case o.during < 0 || o.during > 0 && o.level == "":
		return usagef("--for needs --level and a time that is not negative")
	}
	return nil
}

// forAWhile leaves levels as they were set for some time, or until the user interrupts, and
// then restores them wherever they were changed.
func forAWhile[T any](ctx context.Context, e *env, during time.Duration, items []T, restore func(context.Context, T) error) error {
	fmt.Fprintf(e.err, "the levels are restored in %s, or when you press Ctrl-C\n", during)
	wait := time.NewTimer(during)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	// The user's interrupt must not keep the levels from being restored.
	if err := errors.Join(atOnce(context.WithoutCancel(ctx), e, items, restore)...); err != nil {
		return fmt.Errorf("restoring the levels: %w", err)
	}
	fmt.Fprintln(e.err, "the levels are restored")
	return nil
}
