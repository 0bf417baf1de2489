package terminal

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// A Stage is how far a step before a run is.
type Stage struct {
	Name        string
	Unit        string // what is counted: "octets" or another noun; empty: nothing
	Done, Total int64  // Total 0: not known
	Entries     int64
}

// A StageReporter shows the progress of stages at each tick, also while no news comes, as from a pipe to which nothing
// is written.
type StageReporter struct {
	console *Console
	log     *slog.Logger
	stage   string // of the rate
	rate    Rate
	pace    Pace
	latest  atomic.Pointer[Stage] // nil: none yet
}

// ReportStages shows the progress of stages, which update is told, until stop is called; it leaves no line. In
// [ModeOff] update is nil.
func ReportStages(console *Console, log *slog.Logger, mode Mode) (update func(Stage), stop func()) {
	if mode == ModeOff {
		return nil, func() {}
	}
	r := &StageReporter{console: console, log: log, pace: NewPace(time.Now())}
	stopTicks := Tick(mode.Interval(), func(now time.Time) {
		at := r.latest.Load()
		switch {
		case at == nil:
		case mode == ModeLine:
			console.Show(r.line(now, *at))
		case r.pace.Due(now):
			log.Info(at.Name, at.attrs()...)
		}
	})
	return func(at Stage) { r.latest.Store(&at) }, func() { stopTicks(); console.Clear() }
}

// attrs are what a log line has.
func (s Stage) attrs() (attrs []any) {
	if s.Unit != "" {
		attrs = append(attrs, s.Unit, s.Done)
		if s.Total > 0 {
			attrs = append(attrs, "of", s.Total)
		}
	}
	if s.Entries > 0 {
		attrs = append(attrs, "entries", s.Entries)
	}
	return attrs
}

// line is the line of a stage.
func (r *StageReporter) line(now time.Time, at Stage) Line {
	if r.stage != at.Name {
		r.stage, r.rate = at.Name, Rate{}
	}
	r.rate.Add(now, at.Done)
	line := Line{Done: at.Done, Total: at.Total, Texts: []Text{{Long: at.Name, Rank: 1}}}
	if at.Unit != "" {
		number := Number
		if at.Unit == "octets" {
			number = Octets
		}
		done := number(at.Done)
		if at.Total > 0 {
			done += "/" + number(at.Total)
		}
		line.Texts = append(line.Texts, Text{Long: done, Rank: 3})
	}
	if at.Entries > 0 {
		line.Texts = append(line.Texts, Text{Long: Number(at.Entries) + " entries", Rank: BarRank + 1})
	}
	if at.Total > 0 {
		line.Texts = append(line.Texts, Text{Long: Left(r.rate.TimeLeft(at.Total - at.Done)), Rank: 2})
	}
	return line
}
