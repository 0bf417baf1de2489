package main

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"stsscan/internal/domains"
)

// A prepareProgress shows the progress of the prepare step at each tick, also while no news comes, as from a
// pipe to which nothing is written.
type prepareProgress struct {
	console *console
	log     *slog.Logger
	stage   domains.Stage // of the bar
	latest  atomic.Value  // domains.Progress; nil: none yet
}

// watchPreparing shows the progress of the prepare step, which calls update, until stop is called.
func (c *console) watchPreparing(
	mode progressMode, log *slog.Logger,
) (update func(domains.Progress), stop func()) {
	if mode == progressOff {
		return nil, func() {}
	}
	p := &prepareProgress{console: c, log: log}
	interval, show := logInterval, p.line
	if mode == progressBar {
		interval, show = barInterval, p.show
	}
	stopTicks := tick(interval, func(time.Time) {
		if at, ok := p.latest.Load().(domains.Progress); ok {
			show(at)
		}
	})
	return func(at domains.Progress) { p.latest.Store(at) }, func() { stopTicks(); p.end() }
}

// line logs a line.
func (p *prepareProgress) line(at domains.Progress) {
	var attrs []any
	if unit := unitOf(at.Stage); unit != "" {
		attrs = append(attrs, unit, at.Done)
		if at.Total > 0 {
			attrs = append(attrs, "of", at.Total)
		}
	}
	if at.Entries > 0 {
		attrs = append(attrs, "entries", at.Entries)
	}
	p.log.Info(string(at.Stage), attrs...)
}

// unitOf is what a stage counts, "" where nothing.
func unitOf(stage domains.Stage) string {
	switch stage {
	case domains.StageRead:
		return "octets"
	case domains.StageCheck, domains.StageWrite:
		return "parts"
	}
	return ""
}

// show draws the bar of a stage.
func (p *prepareProgress) show(at domains.Progress) {
	p.console.mu.Lock()
	defer p.console.mu.Unlock()
	if p.console.bar == nil || p.stage != at.Stage {
		p.clear()
		p.console.bar, p.stage = p.newBar(at), at.Stage
	}
	text := string(at.Stage)
	if at.Entries > 0 {
		text += fmt.Sprintf(", %d entries", at.Entries)
	}
	p.console.bar.Describe(text)
	_ = p.console.bar.Set64(at.Done)
}

// newBar is the bar of a stage; without a total, it only moves.
func (p *prepareProgress) newBar(at domains.Progress) *progressbar.ProgressBar {
	total, octets := at.Total, unitOf(at.Stage) == "octets"
	if total == 0 {
		total = -1
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.console.out),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSetElapsedTime(at.Total == 0),
		progressbar.OptionSetPredictTime(octets && at.Total > 0),
		progressbar.OptionSetSpinnerChangeInterval(0),
	}
	if octets || at.Total > 0 {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionShowBytes(octets))
	}
	return progressbar.NewOptions64(total, options...)
}

// end takes the bar from the screen.
func (p *prepareProgress) end() {
	p.console.mu.Lock()
	defer p.console.mu.Unlock()
	p.clear()
}

// clear is end with the console locked.
func (p *prepareProgress) clear() {
	if p.console.bar != nil {
		_ = p.console.bar.Clear()
		p.console.bar = nil
	}
}
