package terminal

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableControls has a console of Windows take control sequences, and reports whether it does.
func enableControls(file *os.File) bool {
	handle := windows.Handle(file.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(handle, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
