package validation

import (
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
)

// checkDuration checks a duration that Envoy counts in milliseconds.
func checkDuration(d *durationpb.Duration) error {
	switch value := d.AsDuration(); {
	case value < time.Millisecond:
		return errors.New("the duration must be 1ms or more")
	case value%time.Millisecond != 0:
		return errors.New("the duration must be a whole number of milliseconds")
	}
	return nil
}
