package pipeline

import (
	"context"
	"errors"
	"time"
)

// complaintInterval is how often faults of this machine are logged.
const complaintInterval = 5 * time.Second

// local reports whether err is a fault of this machine, or of a run that is
// ending: it says nothing about the domain.
func local(err error) bool {
	var fault interface{ Local() bool }
	return errors.Is(err, context.Canceled) || errors.As(err, &fault) && fault.Local()
}

// localOnly is err if it is a fault of this machine, and nil if not.
func localOnly(err error) error {
	if local(err) {
		return err
	}
	return nil
}

// outOfReach reports whether err says that an address is out of reach.
func outOfReach(err error) bool {
	var reach interface{ OutOfReach() bool }
	return errors.As(err, &reach) && reach.OutOfReach()
}

// putOff reports whether err says that no policy was asked for, because of the
// manners that the address is due: it says nothing about the domain.
func putOff(err error) bool {
	var later interface{ Later() bool }
	return errors.As(err, &later) && later.Later()
}

// putOffUntil is when the host that err is about wants to be asked again; the zero
// Time: it said nothing.
func putOffUntil(err error) time.Time {
	var rest interface{ Until() time.Time }
	if errors.As(err, &rest) {
		return rest.Until()
	}
	return time.Time{}
}
