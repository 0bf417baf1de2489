package resolver

import (
	"slices"
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
)

// A Progress is what the Sweeps of a Resolver are at.
type Progress struct {
	// Held is why none of their lanes asks for more questions. It is empty where one
	// does, or nothing is swept.
	Held codes.Standstill
	// Questions were taken, and have no answer yet.
	Questions int64
	// Due is how long it takes at most until all of them have one, as long as the
	// upstreams do as they do now; 0 where that is not known. An answer that is truncated
	// takes longer.
	Due time.Duration
}

// A progress is what lanes tell of it.
type sweepProgress struct {
	lanes    [obstacles]atomic.Int32 // by why they ask for no more
	underway atomic.Int64            // questions without an answer
	staged   atomic.Int64            // of them, those that wait to be sent
	begun    atomic.Int64            // when the latest of them was sent first, in nanoseconds since the Resolver began
	patient  atomic.Bool             // the latest ones are asked with patience
}

// Progress says what the Sweeps of the Resolver are at now.
func (r *Resolver) Progress() Progress {
	p := Progress{Held: r.progress.commonObstacle().word(), Questions: r.progress.underway.Load()}
	if p.Questions <= 0 {
		return Progress{Held: p.Held}
	}
	due := time.Duration(r.progress.begun.Load()) + r.Longest(r.progress.patient.Load()) - r.now()
	switch {
	case r.limiter != nil: // each attempt of each question may have to wait for those of all others
		attempts := float64(p.Questions) * float64(r.schedule.maxAttempts(r.progress.patient.Load(), false))
		due += time.Duration(attempts / r.limiter.PerSecond() * float64(time.Second))
	case r.progress.staged.Load() > 0: // it is not known for how long
		due = 0
	}
	p.Due = max(due, 0)
	return p
}

// Longest is how long a question takes at most that is sent now, until its failure is
// believed.
func (r *Resolver) Longest(patient bool) time.Duration {
	now := r.now()
	slow := func(u *upstream) bool { return !r.isPrompt(u, now) }
	d := r.schedule.longest(patient, !slices.ContainsFunc(r.upstreams, slow))
	if r.watch != nil {
		d += r.watch.config.Interval + canaryTimes*r.watch.timeout
	}
	return d
}

// A laneProgress is what a lane tells of its progress, and what it has told.
type laneProgress struct {
	why     obstacle
	limited bool          // the rate held questions back in this round
	began   time.Duration // when a question was sent for the first time, last
	staged  int           // questions that waited to be sent at the end of the last round
	told    time.Duration // began, as it was told last
}

// showProgress counts the lane until hide is called.
func (l *lane) showProgress() (hide func()) {
	l.resolver.progress.lanes[l.progress.why].Add(1)
	return func() {
		l.resolver.progress.lanes[l.progress.why].Add(-1)
		l.resolver.progress.staged.Add(-int64(l.progress.staged))
	}
}

// tellProgress tells at the end of a round what has changed.
func (l *lane) showChanges() {
	p := &l.progress
	if n := l.stage.n; n != p.staged {
		l.resolver.progress.staged.Add(int64(n - p.staged))
		p.staged = n
	}
	if p.began != p.told {
		advance(&l.resolver.progress.begun, int64(p.began))
		p.told = p.began
	}
}

// took notes that questions were taken from the source of a Sweep.
func (l *lane) countTaken(questions []Question) {
	l.sweep.countQuestions(int64(len(questions)))
	if len(questions) > 0 && questions[0].Patient != l.resolver.progress.patient.Load() {
		l.resolver.progress.patient.Store(questions[0].Patient)
	}
}

// count adds to the questions that have no answer.
func (s *sweep) countQuestions(n int64) {
	s.underway.Add(n)
	s.resolver.progress.underway.Add(n)
}

// later makes an instant later, or leaves it.
func advance(instant *atomic.Int64, to int64) {
	for {
		old := instant.Load()
		if old >= to || instant.CompareAndSwap(old, to) {
			return
		}
	}
}

// An obstacle is why a lane asks for no more questions.
type obstacle uint8

const (
	noObstacle obstacle = iota // it asks
	obstacleWindow
	obstacleWaiting
	obstacleRate
	obstaclePause
	obstacles
)

// word is the obstacle as others know it.
func (o obstacle) word() codes.Standstill {
	return [obstacles]codes.Standstill{
		"", codes.StandstillWindow, codes.StandstillWaiting, codes.StandstillRate, codes.StandstillPause,
	}[o]
}

// wants notes why a lane asks for no more questions.
func (l *lane) setObstacle(why obstacle) {
	if why != l.progress.why {
		l.resolver.progress.lanes[l.progress.why].Add(-1)
		l.resolver.progress.lanes[why].Add(1)
		l.progress.why = why
	}
}

// obstacle is why a lane has no room for more questions.
func (l *lane) findObstacle() obstacle {
	switch {
	case l.resolver.allStopped():
		return obstaclePause
	case l.progress.limited:
		return obstacleRate
	case l.sweep.waiting.Load() >= MostWaiting, l.table.used() >= l.maxQuestions:
		return obstacleWaiting
	}
	return obstacleWindow
}

// held is the obstacle of most lanes; none where there is no lane, or one asks.
func (p *sweepProgress) commonObstacle() (most obstacle) {
	if p.lanes[noObstacle].Load() > 0 {
		return noObstacle
	}
	for why := range p.lanes {
		if p.lanes[why].Load() > p.lanes[most].Load() {
			most = obstacle(why)
		}
	}
	return most
}
