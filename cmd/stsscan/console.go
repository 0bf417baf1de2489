package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"stsscan/internal/terminal"
)

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// console is standard error: the same one in the whole program, once run has made it.
func (s streams) console() *terminal.Console { return terminal.NewConsole(s.err) }

const progressUsage = "`WHEN`: show progress: auto (a line, or log lines without a terminal), on or off"

// parseProgress reads --progress, and resolves auto.
func parseProgress(value string, quiet bool, console *terminal.Console) (terminal.Mode, error) {
	mode, err := console.ParseMode(value, quiet)
	if err != nil {
		return "", usage(fmt.Errorf("--progress %w", err))
	}
	return mode, nil
}

// registerLogFormat adds --log-format.
func registerLogFormat(flags *pflag.FlagSet, std streams) {
	flags.Var(std.console().FormatValue(), terminal.FormatFlag,
		"`FORMAT`: write the log as text or json, an object a line, errors too")
	flags.Lookup(terminal.FormatFlag).DefValue = string(terminal.FormatText) // the console may have the other already
}
