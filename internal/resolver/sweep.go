package resolver

import (
	"context"
	"net"
	"sync"
	"time"

	"stsscan/internal/udpbatch"
)

// Sweep asks the questions that next gives, many at a time, and yields an Answer for each, in any order. A question
// that gets no reply for a tenth of a time-out, from an upstream that answers others, no longer counts as in flight,
// and holds up no other: see [MostWaiting].
//
// next fills as much of into as it likes and says how much. It reports more = false when no question comes after
// these; with n = 0 and more it is called again soon, which is how the caller slows the Sweep down. It is called by
// one goroutine at a time. yield takes Answers in a slice that is used again afterwards, and may be called
// concurrently. Neither may block: replies wait in the kernel meanwhile, and time-outs run.
//
// Sweep returns nil once next has reported the end and every question has its answer. It stops before that with the
// cause of ctx. It stops with [ErrSilent] when questions fail in a row, no upstream has said anything for the time of
// all attempts of one, and none answers a probe then. Questions then under way are dropped without an answer; those
// that silence made fail have answers whose Err is Local. With a [Watch] it waits instead while all upstreams are
// stopped, and stops with [ErrUntrusted] where that takes too long. Any other error says that the sockets could not
// be opened, or that the Resolver was closed.
func (r *Resolver) Sweep(
	ctx context.Context, next func(into []Question) (n int, more bool), yield func([]Answer),
) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &sweep{resolver: r, next: next, yield: yield, ctx: ctx, stop: stop, began: r.now()}
	if r.watch != nil {
		defer context.AfterFunc(r.watch.Hope(), func() {
			if r.ctx.Err() == nil {
				stop(context.Cause(r.watch.Hope()))
			}
		})()
	}

	lanes := make([]*lane, r.shares.lanes)
	for i := range lanes {
		l, err := s.openLane(r.inFlight / len(lanes))
		if err != nil {
			for _, l := range lanes[:i] {
				l.close()
			}
			return err
		}
		l.resumeWindows(i)
		lanes[i] = l
	}
	var running, workers sync.WaitGroup
	s.workers = &workers
	for _, l := range lanes {
		running.Go(l.run)
	}
	running.Wait()
	workers.Wait()
	s.countQuestions(-s.underway.Load()) // they are dropped
	for _, l := range lanes {
		l.keepWindows()
		l.close()
	}
	if ctx.Err() == nil && r.ctx.Err() != nil {
		return net.ErrClosed
	}
	return context.Cause(ctx)
}

// A lane takes a short nap after a round that brought little: long enough for replies to come in batches, short
// beside any round trip. Where few come, or none for a while, it takes a long one; where many do it goes on at once.
const (
	shortNap    = 100 * time.Microsecond
	longNap     = time.Millisecond
	idleRounds  = 20
	manyReplies = 4 * udpbatch.MaxBatch // fewer, over all ports, make small and expensive calls
)

// run goes round until there is nothing left to do, or the sweep ends.
func (l *lane) run() {
	defer l.showProgress()()
	idle, nap := 0, shortNap
	l.onDatagrams, l.now = l.receiveDatagrams, l.resolver.now()
	for l.sweep.ctx.Err() == nil && l.resolver.ctx.Err() == nil {
		l.advanceClock(l.resolver.now())
		got := l.receive()
		l.expire()
		l.judgeWindows()
		if l.resolver.watch != nil {
			l.confirmFailures()
			l.restartWindows()
		}
		l.handOff()
		admitted, sent := 0, 0
		if l.resolver.watch != nil || !l.sweep.silent() {
			admitted = l.admit()
			sent = l.send()
		} else {
			l.setObstacle(obstaclePause)
		}
		l.noteWindows()
		l.showChanges()
		l.deliverAnswers()
		if !l.more && l.table.used() == 0 {
			l.countWaiting() // others may use its room
			return
		}
		switch {
		case got >= manyReplies:
			idle, nap = 0, shortNap
			continue
		case got >= manyReplies/4:
			idle = 0
		case got > 0:
			idle, nap = 0, min(2*nap, longNap) // few a round cost a round each
		case sent+admitted > 0:
			idle, nap = 0, shortNap
		default:
			if idle++; idle == idleRounds {
				nap = longNap
			}
		}
		time.Sleep(nap)
	}
	if l.sweep.ctx.Err() == nil { // the Resolver is closed
		l.abandon()
	}
}

// admit takes questions from the source while there is room for them.
func (l *lane) admit() (admitted int) {
	for l.more {
		l.countWaiting()
		room := min(l.stageRoom-l.stage.n, len(l.table.freeSlots), len(l.incoming), l.maxQuestions-l.table.used(),
			int(MostWaiting-l.sweep.waiting.Load()))
		if room <= 0 {
			l.setObstacle(l.findObstacle())
			return admitted
		}
		into := l.incoming[:room]
		var n int
		n, l.more = l.sweep.take(into)
		l.countTaken(into[:n])
		for k := range into[:n] {
			i, ok := l.table.add(&into[k])
			it := &l.table.items[i]
			rt := l.routeToAvoid(into[k].Avoid)
			if rt != nil {
				it.flights[0].port = rt.ports[0].number
			}
			if ok {
				l.stage.push(rt, i, l.table.items, l.now)
			} else {
				it.began = l.now
				l.toSlowPath(i, stepUDP)
			}
			into[k] = Question{}
		}
		admitted += n
		if n < room {
			l.setObstacle(noObstacle)
			break
		}
	}
	return admitted
}
