package pipeline

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// A round goes once through the parts that wait, and is the source of their revisits. A round is for all rows
// that are due. If there are none, a round of bounded time is for rows that wait for manners, so that rows which
// become due meanwhile, and other parts, need not wait for an address with very many domains.
type round struct {
	revisits revisiting
	infos    []output.PartInfo                  // of the parts to revisit
	ready    chan *revisit                      // those that were read; closed at the end
	opened   *revisit                           // taken from ready, to be opened
	cursor   int                                // part that the next round for manners begins at
	failed   error                              // of the reading ahead; set before ready is closed
	late     atomic.Pointer[domains.Exclusions] // the late opt-outs, as they were read last
}

// begin chooses the parts of the round.
func (r *round) begin(now time.Time) {
	due, manners := r.revisits.pending.revisitable(now)
	r.infos = due
	if r.revisits.dueOnly = len(due) > 0; !r.revisits.dueOnly {
		at, _ := slices.BinarySearchFunc(manners, r.cursor, func(info output.PartInfo, k int) int { return info.Part - k })
		r.infos = slices.Concat(manners[at:], manners[:at])
	}
	r.ready, r.failed = make(chan *revisit), nil
}

// readAhead reads the rows of all revisits, or until ctx ends, so that the sieve need not wait for the disk.
func (r *round) readAhead(ctx context.Context) {
	defer close(r.ready)
	began := r.revisits.Now()
	for _, info := range r.infos {
		if !r.revisits.dueOnly && r.revisits.Now().Sub(began) > r.revisits.intervals.revisit {
			return
		}
		v, err := r.revisits.read(info, r.late.Load())
		if err != nil {
			r.failed = err
			return
		}
		select {
		case r.ready <- v:
			r.cursor = info.Part + 1
		case <-ctx.Done():
			_ = v.close()
			return
		}
	}
}

// find reports whether a revisit was read, and there is memory for another one.
func (r *round) find(context.Context) (found, more bool, err error) {
	if r.revisits.octets.Load() > revisitsOctets {
		return false, true, nil
	}
	select {
	case v, ok := <-r.ready:
		if !ok {
			return false, false, r.failed
		}
		r.opened = v
		return true, true, nil
	default:
		return false, true, nil
	}
}

// exhausted is false: another revisit may be read.
func (r *round) exhausted() bool { return false }

// open returns the revisit. If there are new opt-outs since its rows were read, they are read once more.
func (r *round) open(late *domains.Exclusions) (batch, error) {
	r.late.Store(late)
	v := r.opened
	if v.late != late {
		_ = v.close()
		var err error
		if v, err = r.revisits.read(v.part, late); err != nil {
			return nil, err
		}
	}
	v.began = r.revisits.Now()
	return v, nil
}
