package resolver

import (
	"context"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/monitor"
)

// nothing is a source that has no question, and may have one later.
func nothing([]Question) (int, bool) { return 0, true }

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not seen: " + what)
		}
	}
}

// showing is the number of lanes.
func (p *sweepProgress) showing() (n int32) {
	for why := range p.lanes {
		n += p.lanes[why].Load()
	}
	return n
}

// Progress says what keeps a Sweep from asking for more, and counts what it has taken until it ends.
func TestProgress(t *testing.T) {
	stop := func(r *Resolver) {
		for _, u := range r.upstreams {
			u.breaker.Trip(r.now, false)
		}
	}
	tests := []struct {
		name   string
		config Config
		server play
		next   func([]Question) (int, bool)
		before func(*Resolver)
		held   codes.Standstill
		taken  bool
	}{
		{"no answers", Config{InFlight: 10}, silence, listed(1000), nil, codes.StandstillWindow, true},
		{"one a minute", Config{Rate: 1.0 / 60}, good, listed(1000), nil, codes.StandstillRate, true},
		{"all stopped", Config{}, good, listed(100_000), stop, codes.StandstillPause, true},
		{"no names yet", Config{}, good, nothing, nil, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, tt.config, serve(t, tt.server, nil))
			if tt.before != nil {
				tt.before(r)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- r.Sweep(ctx, tt.next, new(gathered).yield) }()
			eventually(t, "a lane", func() bool { return r.progress.showing() > 0 })
			eventually(t, "held by "+string(tt.held), func() bool {
				p := r.Progress()
				return p.Held == tt.held && p.Questions > 0 == tt.taken
			})
			cancel()
			<-ended
			if p := r.Progress(); p != (Progress{}) {
				t.Errorf("after the sweep: %+v", p)
			}
		})
	}
}

// The time within which all have their answers is that of the question that was sent last, and as long as the
// schedule lets one take; it is not known while some cannot be sent.
func TestProgressDue(t *testing.T) {
	tests := []struct {
		name    string
		config  Config
		watched bool // and its canaries are answered
		patient bool
		staged  int
		want    time.Duration // with prompt canaries 1.6 time-outs, and until it is believed
	}{
		{"three attempts", Config{Timeout: time.Minute, Retries: 2}, false, false, 0, 3 * time.Minute},
		{"with patience", Config{Timeout: time.Minute, Retries: 2}, false, true, 0, 9 * time.Minute},
		{"prompt canaries", Config{Timeout: time.Minute, Retries: 2}, true, false, 0, 100 * time.Second},
		{"prompt canaries, with patience", Config{Timeout: time.Minute, Retries: 2}, true, true, 0, 100 * time.Second},
		{"held back by the rate", Config{Timeout: time.Minute, Rate: 0.1}, false, false, 7, time.Minute + 20*time.Second},
		{"held back by the window", Config{Timeout: time.Minute}, false, false, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, tt.config, serve(t, silence, nil))
			if tt.watched {
				r.watch = monitor.New(r.ctx, monitor.Config{Interval: time.Second}, nil)
				r.upstreams[0].breaker.NoteGood(r.now())
			}
			l := &lane{sweep: &sweep{resolver: r}, resolver: r, stage: stage{n: tt.staged}}
			if p := r.Progress(); p != (Progress{}) {
				t.Errorf("before: %+v", p)
			}
			l.countTaken([]Question{{Patient: tt.patient}, {Patient: tt.patient}})
			l.progress.began = r.now()
			l.showChanges()
			l.progress.began -= 10 * time.Minute // an older one changes nothing
			l.showChanges()
			if p := r.Progress(); p.Questions != 2 || p.Due > tt.want || tt.want > 0 && p.Due < tt.want-30*time.Second {
				t.Errorf("%+v, want %v", p, tt.want)
			}
			l.showProgress()()
			if l.sweep.countQuestions(-2); r.Progress() != (Progress{}) {
				t.Errorf("after: %+v", r.Progress())
			}
		})
	}
}
