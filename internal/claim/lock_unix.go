//go:build unix

package claim

import (
	"fmt"
	"os"
	"syscall"
)

// fileIdentity tells a file from all others of the machine that are there; "": not known.
func fileIdentity(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", nil
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino), nil
}
