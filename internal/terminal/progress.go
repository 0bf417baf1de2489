package terminal

import (
	"log/slog"
	"math"
	"strings"
	"time"
)

// A Progress is how far a run is at a moment, in domains.
type Progress struct {
	Done, Total int64 // nothing more is asked about those that are done
	Asked       int64 // grows with each domain that was asked, whatever came of it
	Due         int64 // what this pass has still to ask

	Waits, Brief string // what the run waits for, if it only waits; Brief where there is little room
	Pause        bool   // and no rate follows from that, and who made it wait has logged it

	Counts []Count // the most important first
}

// A Count is a figure of a Progress.
type Count struct {
	Text string // on the line; empty: it has no place there
	Key  string // in the log; empty: the same
	N    int64
}

// A Reporter shows the progress of a run: on the line of progress, or else in log lines.
type Reporter struct {
	console *Console
	log     *slog.Logger
	drawn   bool // on the line
	rate    Rate
	pace    Pace
	waiting bool // the run only waited for answers at the last report
	told    bool // and that was logged
}

// NewReporter begins now.
func NewReporter(console *Console, log *slog.Logger, mode Mode, now time.Time) *Reporter {
	return &Reporter{console: console, log: log, drawn: mode == ModeLine, pace: NewPace(now)}
}

// Report shows the progress of now.
func (r *Reporter) Report(now time.Time, p Progress) {
	if p.Pause {
		r.rate = Rate{} // what comes after says more
	} else {
		r.rate.Add(now, p.Asked)
	}
	if r.drawn {
		r.console.Show(p.line(r.rate.PerSecond(), r.timeLeft(p)))
		return
	}
	// To wait for answers for a moment is no news.
	waits := p.Waits != "" && !p.Pause
	if waits && r.waiting && !r.told {
		r.log.Info(p.Waits)
	}
	r.told = waits && (r.told || r.waiting)
	r.waiting = waits
	if r.pace.Due(now) {
		r.log.Info("progress", p.attrs(r.rate.PerSecond(), r.timeLeft(p))...)
	}
}

// End leaves the last state on the screen.
func (r *Reporter) End(p Progress) {
	if r.drawn {
		r.console.Show(p.line(0, ""))
		r.console.Leave()
	}
}

// inThisPass says that more passes follow.
const inThisPass = " in this pass"

// timeLeft says how long the run takes, or this pass; empty if it only waits, and while it is not known.
func (r *Reporter) timeLeft(p Progress) string {
	if p.Waits != "" {
		return ""
	}
	text := Left(r.rate.TimeLeft(p.Due))
	if text != "" && p.Total-p.Done > p.Due {
		text += inThisPass
	}
	return text
}

// line is the line of progress.
func (p Progress) line(perSecond float64, timeLeft string) Line {
	line := Line{Done: p.Done, Total: p.Total, Texts: []Text{{Long: Number(p.Done) + "/" + Number(p.Total), Rank: 2}}}
	if p.Waits != "" {
		line.Texts = append(line.Texts, Text{Long: p.Waits, Short: p.Brief, Rank: 1})
	} else {
		line.Texts = append(line.Texts, Text{Long: Speed(perSecond), Rank: 3},
			Text{Long: timeLeft, Short: strings.TrimSuffix(timeLeft, inThisPass), Rank: 1})
	}
	for i, count := range p.Counts {
		if count.Text != "" && count.N > 0 {
			line.Texts = append(line.Texts, Text{Long: count.Text + " " + Number(count.N), Rank: BarRank + 1 + i})
		}
	}
	return line
}

// attrs are the same for a log line.
func (p Progress) attrs(perSecond float64, timeLeft string) []any {
	attrs := []any{"domains", p.Done, "of", p.Total, "percent", Line{Done: p.Done, Total: p.Total}.Percent()}
	if perSecond > 0 && p.Waits == "" {
		attrs = append(attrs, "per_second", math.Round(10*perSecond)/10)
	}
	if left := p.Waits + timeLeft; left != "" {
		attrs = append(attrs, "left", left)
	}
	for _, count := range p.Counts {
		key := count.Key
		if key == "" {
			key = count.Text
		}
		attrs = append(attrs, key, count.N)
	}
	return attrs
}
