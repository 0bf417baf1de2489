package claim

import (
	"os"
	"strings"
)

// bootIdentity is a random text that the kernel makes at its start; "": not known.
func bootIdentity() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
