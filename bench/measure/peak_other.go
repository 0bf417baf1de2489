//go:build !unix

package main

import "os"

// peakMiB is 0: this system does not say.
func peakMiB(*os.ProcessState) (float64, error) { return 0, nil }
