package machine

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// memoryLimit is how many octets of memory this process may use by the machine, its control groups (Linux)
// and GOMEMLIMIT; 0: unknown. The root is that of the file system.
func memoryLimit(root fs.FS) int64 {
	least := int64(math.MaxInt64)
	lower := func(n int64) {
		if n > 0 {
			least = min(least, n)
		}
	}
	lower(debug.SetMemoryLimit(-1)) // only reads it
	lower(totalMemory(root))
	for _, name := range cgroupFiles(root) {
		text, _ := fs.ReadFile(root, name)
		n, _ := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64) // or "max"
		lower(n)
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// totalMemory is the memory of the machine in octets; 0: unknown.
func totalMemory(root fs.FS) int64 {
	text, _ := fs.ReadFile(root, "proc/meminfo")
	var kib int64
	_, _ = fmt.Sscanf(string(text), "MemTotal: %d kB", &kib)
	return kib << 10
}

// cgroupFiles are the files with the memory limits of the control groups of this process, version 2 or 1,
// and of those above them.
func cgroupFiles(root fs.FS) (names []string) {
	text, _ := fs.ReadFile(root, "proc/self/cgroup")
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		_, controllers, _ := strings.Cut(lines.Text(), ":") // number:controllers:path
		controllers, group, ok := strings.Cut(controllers, ":")
		var mount, file string
		switch {
		case !ok:
			continue
		case controllers == "":
			mount, file = "sys/fs/cgroup", "memory.max"
		case controllers == "memory":
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for group = path.Clean("/" + group); ; group = path.Dir(group) {
			names = append(names, path.Join(mount, group, file))
			if group == "/" {
				break
			}
		}
	}
	return names
}
