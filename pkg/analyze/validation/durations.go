package validation

import (
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

// duration checks a duration if it is set: Envoy counts in milliseconds.
func (c *checker) duration(at *place, d *durationpb.Duration) {
	if d != nil {
		c.must(at, milliseconds(d.AsDuration()))
	}
}

func milliseconds(d time.Duration) error {
	switch {
	case d < time.Millisecond:
		return errors.New("a duration must be at least 1ms")
	case d%time.Millisecond != 0:
		return errors.New("a duration must be a whole number of milliseconds")
	}
	return nil
}
