//go:build unix

package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// peakMiB is the most resident memory that a finished process has had.
func peakMiB(state *os.ProcessState) (float64, error) {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("the system does not say what the client has used")
	}
	unit := 1024.0 // ru_maxrss is in KiB
	if runtime.GOOS == "darwin" {
		unit = 1 // in octets
	}
	return float64(usage.Maxrss) * unit / (1 << 20), nil
}
