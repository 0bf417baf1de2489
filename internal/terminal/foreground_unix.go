//go:build unix

package terminal

import (
	"io"

	"golang.org/x/sys/unix"
)

// inForeground reports whether the process may draw on the terminal w. In the background of a shell (^Z, bg) it would
// draw over what is typed.
func inForeground(w io.Writer) bool {
	file := fileOf(w)
	if file == nil {
		return true
	}
	group, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
