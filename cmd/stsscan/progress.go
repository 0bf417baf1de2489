package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"stsscan/internal/egress"
	"stsscan/internal/pipeline"
)

// watch shows the progress of a run over total names until the returned
// function is called. Names of parts that were whole before do not count: the
// rate and the time left are those of this run.
func (c *console) watch(
	ctx context.Context, mode progressMode, log *slog.Logger, total int64, stats *pipeline.Stats, done progress,
	manners func() egress.MannersCounts,
) (stop func()) {
	if mode == progressOff || total == 0 {
		return func() {}
	}
	interval := waitInterval
	if mode == progressBar {
		interval = barInterval
		c.show(progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(c.out),
			progressbar.OptionSetWidth(20),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
		))
	}
	w := &watcher{
		console: c, log: log, total: total, counts: stats.Counts, left: stats.Left, done: done, manners: manners,
		logged: time.Now(),
	}
	ticker := time.NewTicker(interval)
	ended := make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		interrupted := ctx.Done()
		if ctx.Err() != nil { // it was said before
			interrupted = nil
		}
		for {
			select {
			case <-ticker.C:
				w.update(time.Now())
			case <-interrupted:
				interrupted = nil // say it once
				log.Warn("interrupted: finishing what is in flight, for half a minute at most; interrupt again to stop at once")
			case <-ended:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(ended)
		finished.Wait()
		w.end(time.Now())
	}
}
