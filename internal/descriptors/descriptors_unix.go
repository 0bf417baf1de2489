//go:build unix

package descriptors

import "syscall"

func init() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Max >= Fewest {
		return // package os raises the soft limit to the hard one
	}
	_, _ = syscall.Write(2, []byte("stsscan: this process may have fewer than 16 files open: "+
		"raise the limit (ulimit -n) to 64 at least, better to 4096\n"))
	syscall.Exit(1)
}
