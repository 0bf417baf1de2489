package terminal

import (
	"fmt"
	"time"
)

// A Mode says how progress is shown.
type Mode string

const (
	ModeAuto Mode = "auto" // a line on a terminal, log lines elsewhere
	ModeLine Mode = "on"
	ModeLog  Mode = "log" // what auto is without a terminal
	ModeOff  Mode = "off"
)

// ParseMode reads the value of a flag, and resolves auto for the console.
func (c *Console) ParseMode(value string, quiet bool) (Mode, error) {
	mode := Mode(value)
	switch {
	case mode != ModeAuto && mode != ModeLine && mode != ModeOff:
		return "", fmt.Errorf("%q: must be auto, on or off", value)
	case mode == ModeLine && c.Format() == FormatJSON:
		return "", fmt.Errorf("%s: a line of progress is no JSON: leave out --%s", value, FormatFlag)
	case quiet:
		return ModeOff, nil
	case mode == ModeAuto && (c.Format() == FormatJSON || !IsTerminal(c)):
		return ModeLog, nil
	case mode == ModeAuto:
		return ModeLine, nil
	}
	return mode, nil
}

// Interval is how often progress is looked at.
func (m Mode) Interval() time.Duration {
	if m == ModeLine {
		return lineInterval
	}
	return time.Second
}
