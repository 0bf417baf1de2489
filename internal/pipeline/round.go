package pipeline

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// round asks again, part by part. What is due goes first, all of it, without
// waiting. What waits for manners then has a round of bounded time, so that what
// becomes due meanwhile, and the parts behind, need not wait for a giant.
func (l *later) round(ctx context.Context, c Config) error {
	now := l.Now()
	var due, manners []output.PartInfo
	for _, k := range slices.Sorted(maps.Keys(l.parts)) {
		info := l.parts[k]
		if l.alone[k].After(now) {
			continue
		}
		if info.PendingSince != nil && !l.due(*info.PendingSince, l.noted[k]).After(now) {
			due = append(due, info)
		}
		if info.Counts.Pending[codes.PendingManners] > 0 {
			manners = append(manners, info)
		}
	}
	infos := due
	if l.quick = len(due) > 0; !l.quick {
		at, _ := slices.BinarySearchFunc(manners, l.cursor, func(info output.PartInfo, k int) int { return info.Part - k })
		infos = slices.Concat(manners[at:], manners[:at])
	}
	maps.DeleteFunc(l.held, func(_ netip.Addr, until time.Time) bool { return !until.After(now) })
	maps.DeleteFunc(l.rests, func(_ int64, until time.Time) bool { return !until.After(now) })

	// Rows are read ahead of the sieve, which must not wait for the disk.
	l.ready, l.failed, l.progress = make(chan *visit), nil, false
	reading, enough := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(l.ready)
		for _, info := range infos {
			if !l.quick && l.Now().Sub(now) > l.pace.visit {
				return
			}
			v, err := l.newVisit(info, l.Now())
			if err != nil {
				l.mu.Lock()
				l.failed = err
				l.mu.Unlock()
				return
			}
			select {
			case l.ready <- v:
				l.cursor = info.Part + 1
			case <-reading.Done():
				return
			}
		}
	})
	err := Run(ctx, c)
	enough()
	reader.Wait()
	return err
}

// Next is the part of the next visit, -1 where none has been read yet.
func (l *later) Next(ctx context.Context) (k int, ok bool, err error) {
	select {
	case v, ok := <-l.ready:
		if !ok {
			l.mu.Lock()
			defer l.mu.Unlock()
			return 0, false, l.failed
		}
		l.open = v
		return v.info.Part, true, nil
	default:
		return -1, true, nil
	}
}

// Open gives the names of the part that Next said. Where somebody opted out since
// its rows were read ahead, they are read once more.
func (l *later) Open(k int) (Names, error) {
	if l.open.late != l.excludedLate() {
		v, err := l.newVisit(l.open.info, l.Now())
		if err != nil {
			return nil, err
		}
		l.open = v
	}
	l.open.began = l.Now()
	return l.open, nil
}

// excludedLate are those who opted out late, as they were read last.
func (l *later) excludedLate() *domains.Exclusions {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}

// Ranks are those of a part.
func (l *later) Ranks(k int) (first, last int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.parts[k].FirstRank, l.parts[k].LastRank
}
