//go:build unix

package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// peakMiB is the peak resident memory of a finished process.
func peakMiB(state *os.ProcessState) (float64, error) {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("the system does not say how much memory the client used")
	}
	unit := 1024.0 // ru_maxrss is in KiB
	if runtime.GOOS == "darwin" {
		unit = 1 // in octets
	}
	return float64(usage.Maxrss) * unit / (1 << 20), nil
}
