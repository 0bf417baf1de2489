package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/schollz/progressbar/v3"

	"stsscan/internal/egress"
	"stsscan/internal/pipeline"
)

// A watcher turns counters into a bar or into log lines.
type watcher struct {
	console *console
	log     *slog.Logger
	total   int64
	counts  func() pipeline.Counts
	left    func() pipeline.Left
	done    progress
	manners func() egress.MannersCounts

	recent     recent
	logged     time.Time // when progress was logged last
	waiting    bool      // the run only waited at the last update
	tailLogged bool      // and that was logged
}

// update shows the progress of the run.
func (w *watcher) update(now time.Time) {
	counts, manners, left := w.counts(), w.manners(), w.left()
	done := w.done(counts)
	rate := w.recent.rate(now, done)
	if w.draw(counts, manners, left.Brief(now), rate) {
		return
	}
	waits := left.Words(now)
	// A short tail is no news, and the pipeline logs a pause.
	tail := waits != "" && left.Tail
	if tail && w.waiting && !w.tailLogged {
		w.log.Info(waits)
	}
	w.tailLogged = tail && (w.tailLogged || w.waiting)
	w.waiting = tail
	if now.Sub(w.logged) < logInterval {
		return
	}
	w.logged = now
	if waits == "" {
		waits = w.timeLeft(done, rate)
	}
	w.log.Info("progress", "domains", done, "of", w.total, "per_second", int64(rate), "left", waits,
		"present", counts.Present, "absent", counts.Absent, "unknown", counts.Unknown,
		"policies_valid", counts.PolicyValid, "policies_broken", counts.PolicyBroken, "surveying", counts.Surveying,
		"again", counts.Transient, "manners", counts.Manners, "waiting_for_hosts", manners.Waiting,
		"put_off", manners.PutOff)
}

// timeLeft is how long the run takes at a rate.
func (w *watcher) timeLeft(done int64, rate float64) string {
	left := float64(w.total-done) / rate
	if !(left >= 0 && left < (1000*time.Hour).Seconds()) {
		return "unknown"
	}
	return time.Duration(left * float64(time.Second)).Round(time.Second).String()
}

// draw draws the bar, and reports whether there is one.
func (w *watcher) draw(counts pipeline.Counts, manners egress.MannersCounts, waits string, rate float64) bool {
	w.console.mu.Lock()
	defer w.console.mu.Unlock()
	if w.console.bar == nil {
		return false
	}
	done := w.done(counts)
	if waits == "" && rate > 0 && done < w.total {
		waits = fmt.Sprintf("%s, %s left", speed(rate), w.timeLeft(done, rate))
	}
	texts := barTexts(done, w.total, waits, counts, manners)
	w.console.bar.Describe(joinFitting(columnsOf(w.console.out)-barColumns, texts))
	_ = w.console.bar.Set64(done)
	return true
}

// end leaves the last state of the bar on the screen.
func (w *watcher) end(now time.Time) {
	if !w.draw(w.counts(), w.manners(), "", 0) {
		return
	}
	w.console.mu.Lock()
	defer w.console.mu.Unlock()
	_ = w.console.bar.Exit()
	fmt.Fprintln(w.console.out)
	w.console.bar = nil
}

// speed is a rate as people read it.
func speed(perSecond float64) string {
	if perSecond < 1 {
		return fmt.Sprintf("%.0f domains/min", 60*perSecond)
	}
	return fmt.Sprintf("%.0f domains/s", perSecond)
}

// barTexts are the texts before the bar, the most important first: what the run waits for or how fast it is,
// then counts.
func barTexts(done, total int64, waits string, c pipeline.Counts, m egress.MannersCounts) []string {
	texts := []string{
		waits, fmt.Sprintf("%d/%d", done, total), fmt.Sprintf("records %d", c.Present),
		fmt.Sprintf("valid policies %d", c.PolicyValid), fmt.Sprintf("unknown %d", c.Unknown),
	}
	if m.Waiting > 0 {
		texts = append(texts, fmt.Sprintf("waiting for hosts %d", m.Waiting))
	}
	if n := c.Waiting(); n > 0 {
		texts = append(texts, fmt.Sprintf("to ask again %d", n))
	}
	return texts
}

// joinFitting joins the texts that so many columns have room for, the first ones first.
func joinFitting(columns int, texts []string) string {
	line := ""
	for _, text := range texts {
		if line != "" {
			text = ", " + text
		}
		if len(line)+len(text) <= columns {
			line += text
		}
	}
	return line
}

// recentTime is how long a rate goes back.
const recentTime = 10 * time.Second

// A recent is the rate of the latest time. Its zero value has seen nothing.
type recent struct{ seen []moment }

// A moment is how many names were done at a time.
type moment struct {
	at   time.Time
	done int64
}

// rate notes how many names are done now, and gives names a second, over the latest time; 0 where none of
// it has passed.
func (r *recent) rate(now time.Time, done int64) float64 {
	for len(r.seen) > 1 && now.Sub(r.seen[1].at) >= recentTime {
		r.seen = r.seen[1:]
	}
	r.seen = append(r.seen, moment{now, done})
	first := r.seen[0]
	since := now.Sub(first.at).Seconds()
	if since <= 0 {
		return 0
	}
	return max(float64(done-first.done), 0) / since
}

// A progress is how many names are done.
type progress func(pipeline.Counts) int64

// watch shows the progress towards total names until stop is called. Names of parts that were whole before do
// not count.
func (j *scanJob) watch(
	ctx context.Context, n *network, stats *pipeline.Stats, total int64, done progress,
) (stop func()) {
	if j.progress == progressOff || total == 0 {
		return func() {}
	}
	interval := waitInterval
	if j.progress == progressBar {
		interval = barInterval
		j.console.show(progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(j.console.out),
			progressbar.OptionSetWidth(20),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
		))
	}
	w := &watcher{
		console: j.console, log: j.log, total: total, counts: stats.Counts, left: stats.Left, done: done,
		manners: n.transport.Manners, logged: time.Now(),
	}
	stopTicks := tick(interval, w.update)
	if ctx.Err() != nil {
		ctx = context.Background() // the interrupt was logged before
	}
	unwatch := context.AfterFunc(ctx, func() {
		j.log.Warn("interrupted: finishing what is in flight, for half a minute at most; interrupt again to stop at once")
	})
	return func() { unwatch(); stopTicks(); w.end(time.Now()) }
}
