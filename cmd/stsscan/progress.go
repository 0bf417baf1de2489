package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"stsscan/internal/egress"
	"stsscan/internal/pipeline"
)

// Intervals of the progress: often on a terminal, seldom in a log, which hears
// sooner when the run only waits.
const (
	barInterval  = 200 * time.Millisecond
	logInterval  = 10 * time.Second
	waitInterval = time.Second
)

// A console is the program's standard error: log lines and the progress bar
// take turns, so that neither tears the other.
type console struct {
	mu  sync.Mutex
	out io.Writer
	bar *progressbar.ProgressBar // nil: no bar now
}

// Write writes whole log lines, above the bar where there is one.
func (c *console) Write(line []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar == nil {
		return c.out.Write(line)
	}
	_ = c.bar.Clear()
	n, err := c.out.Write(line)
	_ = c.bar.RenderBlank()
	return n, err
}

// newLogger logs to the console: warnings and worse when quiet, everything
// when verbose.
func (c *console) newLogger(quiet, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case verbose:
		level = slog.LevelDebug
	case quiet:
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(c, &slog.HandlerOptions{Level: level}))
}

// A progressMode says how progress is shown.
type progressMode string

// parseProgress resolves auto: a bar on a terminal, log lines elsewhere.
func parseProgress(mode string, quiet bool, out io.Writer) (progressMode, error) {
	switch {
	case mode != "auto" && mode != "on" && mode != "off":
		return "", usage(fmt.Errorf("--progress %q: must be auto, on or off", mode))
	case quiet || mode == "off":
		return "off", nil
	case mode == "auto" && !isTerminal(out):
		return "log", nil
	}
	return "bar", nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// A progress is how many names are done.
type progress func(pipeline.Counts) int64

// watch shows the progress of a run over total names until the returned
// function is called. Names of parts that were whole before do not count: the
// rate and the time left are those of this run.
func (c *console) watch(
	ctx context.Context, mode progressMode, log *slog.Logger, total int64, stats *pipeline.Stats, done progress,
	manners func() egress.MannersCounts,
) (stop func()) {
	if mode == "off" || total == 0 {
		return func() {}
	}
	interval := waitInterval
	if mode == "bar" {
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
				w.look(time.Now())
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

func (c *console) show(bar *progressbar.ProgressBar) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bar = bar
	_ = bar.RenderBlank()
}
