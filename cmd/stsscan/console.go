package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Intervals of progress: short on a terminal, long in a log, shorter there while the run only waits.
const (
	barInterval  = 200 * time.Millisecond
	logInterval  = 10 * time.Second
	waitInterval = time.Second
)

// A console is standard error, shared by log lines and the progress bar.
type console struct {
	mu  sync.Mutex
	out io.Writer
	bar *progressbar.ProgressBar // nil: none now
}

// Write writes whole log lines, above the bar if there is one.
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

// newLogger logs to the console: warnings and worse when quiet, everything when verbose.
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

func (c *console) show(bar *progressbar.ProgressBar) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bar = bar
	_ = bar.RenderBlank()
}

// columnsOf is the width of the terminal w, or usualColumns.
func columnsOf(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return usualColumns
}

// A progressMode says how progress is shown.
type progressMode string

const (
	progressAuto progressMode = "auto" // a bar on a terminal, log lines elsewhere
	progressBar  progressMode = "on"
	progressLog  progressMode = "log" // what auto is without a terminal
	progressOff  progressMode = "off"
)

const progressUsage = "`WHEN`: show progress: auto (a bar, or log lines without a terminal), on or off"

// parseProgress reads --progress, and resolves auto.
func parseProgress(value string, quiet bool, out io.Writer) (progressMode, error) {
	mode := progressMode(value)
	switch {
	case mode != progressAuto && mode != progressBar && mode != progressOff:
		return "", usage(fmt.Errorf("--progress %q: must be auto, on or off", value))
	case quiet:
		return progressOff, nil
	case mode == progressAuto && !isTerminal(out):
		return progressLog, nil
	case mode == progressAuto:
		return progressBar, nil
	}
	return mode, nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// colours reports whether to colour a page for w: on a terminal, unless NO_COLOR is set (no-color.org).
func colours(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

const (
	barColumns   = 20 // of the bar at its shortest, with its percentage
	usualColumns = 80 // of a terminal that does not say how many it has
)

// tick calls do at each tick until stop is called, which waits for do to return.
func tick(interval time.Duration, do func(now time.Time)) (stop func()) {
	ticker, ended := time.NewTicker(interval), make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		for {
			select {
			case <-ticker.C:
				do(time.Now())
			case <-ended:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(ended)
		finished.Wait()
	}
}
