package machine

import (
	"os"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func TestMemoryLimit(t *testing.T) {
	const machine = "proc/meminfo"
	for _, tt := range []struct {
		title string
		goMem int64 // GOMEMLIMIT; 0: none
		files map[string]string
		want  int64
	}{
		{"nothing is known", 0, nil, 0},
		{"no Linux", 1 << 30, nil, 1 << 30},
		{"a machine", 0, map[string]string{machine: "MemTotal:       16316412 kB\nMemFree: 1 kB\n"}, 16316412 << 10},
		{"a machine with GOMEMLIMIT", 1 << 20, map[string]string{machine: "MemTotal:       16316412 kB\n"}, 1 << 20},
		{"a container", 0, map[string]string{
			machine: "MemTotal: 4096 kB\n", "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1048576\n",
		}, 1 << 20},
		{"a group within a group", 0, map[string]string{
			machine: "MemTotal: 4096 kB\n", "proc/self/cgroup": "0::/batch.slice/job.scope\n",
			"sys/fs/cgroup/batch.slice/job.scope/memory.max": "max\n", "sys/fs/cgroup/batch.slice/memory.max": "2097152\n",
		}, 2 << 20},
		{"version 1", 0, map[string]string{
			machine: "MemTotal: 4096 kB\n", "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1048576\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":   "9223372036854771712\n",
		}, 1 << 20},
		{"nonsense", 0, map[string]string{
			machine: "MemTotal: many", "proc/self/cgroup": "memory\n0::/../..\n", "sys/fs/cgroup/memory.max": "-1\n",
		}, 0},
	} {
		t.Run(tt.title, func(t *testing.T) {
			if before := debug.SetMemoryLimit(-1); tt.goMem > 0 {
				debug.SetMemoryLimit(tt.goMem)
				defer debug.SetMemoryLimit(before)
			}
			root := make(fstest.MapFS)
			for name, text := range tt.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := memoryLimit(root); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
	if here := memoryLimit(os.DirFS("/")); here < 0 {
		t.Errorf("this machine: %d", here)
	}
}
