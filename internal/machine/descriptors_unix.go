//go:build unix

package machine

import (
	"math"

	"golang.org/x/sys/unix"
)

// descriptorLimit is the number of descriptors that this process may have; 0: no limit is known.
func descriptorLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), math.MaxInt32))
}
