package terminal

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// A Format is how lines of the log are written.
type Format string

const (
	FormatText Format = "text"
	FormatJSON Format = "json" // each line is an object
)

// FormatFlag is the name of the flag for it.
const FormatFlag = "log-format"

// FormatOf is the format that a command line asks for, whatever else is wrong with it.
func FormatOf(args []string) Format {
	format := FormatText
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	for i, arg := range args {
		value, ok := strings.CutPrefix(arg, "--"+FormatFlag+"=")
		if arg == "--"+FormatFlag && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if ok {
			format = FormatText
			if Format(value) == FormatJSON {
				format = FormatJSON
			}
		}
	}
	return format
}

// SetFormat sets the format of later lines.
func (c *Console) SetFormat(format Format) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.format = format
}

// Format is the format of lines.
func (c *Console) Format() Format {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.format
}

// Log logs to the console: warnings and worse when quiet, everything when verbose.
func (c *Console) Log(quiet, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case verbose:
		level = slog.LevelDebug
	case quiet:
		level = slog.LevelWarn
	}
	return slog.New(c.handler(level))
}

func (c *Console) handler(level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if c.Format() == FormatJSON {
		options.ReplaceAttr = durationsAsText
		return slog.NewJSONHandler(c, options)
	}
	return slog.NewTextHandler(c, options)
}

// durationsAsText gives times their unit, as text has it: JSON would have nanoseconds without one.
func durationsAsText(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		attr.Value = slog.StringValue(attr.Value.Duration().String())
	}
	return attr
}

// Say writes a sentence for people; in JSON it is the message of a log line.
func (c *Console) Say(sentence string) { c.say(slog.LevelInfo, sentence) }

// Warn writes what may be wrong.
func (c *Console) Warn(what string) { c.say(slog.LevelWarn, "stsscan: warning: "+what) }

// Fail writes why the program failed.
func (c *Console) Fail(why string) { c.say(slog.LevelError, "stsscan: "+why) }

func (c *Console) say(level slog.Level, sentence string) {
	if c.Format() == FormatJSON {
		_ = c.handler(level).Handle(context.Background(), slog.NewRecord(time.Now(), level, sentence, 0))
		return
	}
	fmt.Fprintln(c, sentence)
}

// A FormatValue is the value of --log-format.
type FormatValue struct{ console *Console }

// FormatValue is a value of a flag that sets the format of the console.
func (c *Console) FormatValue() *FormatValue { return &FormatValue{c} }

func (v *FormatValue) String() string {
	if v.console == nil { // a zero value, for comparison
		return ""
	}
	return string(v.console.Format())
}

func (v *FormatValue) Type() string { return "string" }

func (v *FormatValue) Set(text string) error {
	if format := Format(text); format == FormatText || format == FormatJSON {
		v.console.SetFormat(format)
		return nil
	}
	return fmt.Errorf("must be %s or %s", FormatText, FormatJSON)
}
