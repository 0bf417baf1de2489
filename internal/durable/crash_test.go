package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stsscan/internal/durable"
)

// seeds is the number of seeds to try: n, or STSSCAN_SEEDS.
func seeds(t *testing.T, n int) int {
	t.Helper()
	if text := os.Getenv("STSSCAN_SEEDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Files are written and replaced until the power fails, at any step, thousands of times. A file that was reported
// as written has that version or a later one; any other has the one before, or is not there. No file is there in
// part.
func TestPowerLoss(t *testing.T) {
	root := t.TempDir()
	crashes := 0
	for seed := range seeds(t, 400) {
		random := rand.New(rand.NewPCG(11, uint64(seed)))
		dir := filepath.Join(root, fmt.Sprint(seed))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		version := make(map[string]int) // of each file, that was said to be written
		latest := 0
		for range 3 {
			disk, err := newPowerLossDisk(dir, random)
			if err != nil {
				t.Fatal(err)
			}
			disk.last = 1 + random.IntN(60)
			crashes++
			for {
				name := fmt.Sprintf("file-%d", random.IntN(3))
				latest++
				err := writeVersion(durable.Disk{FS: disk}, filepath.Join(dir, name), latest)
				if err != nil {
					if !errors.Is(err, errPower) {
						t.Fatalf("seed %d: %v", seed, err)
					}
					break
				}
				version[name] = latest
			}
			if err := disk.crash(); err != nil {
				t.Fatal(err)
			}
			checkVersions(t, seed, dir, version, latest)
			if err := (durable.Disk{}).Sweep(dir, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d losses of power", crashes)
}

// writeVersion writes a file whose content says which version it is, in several writes.
func writeVersion(disk durable.Disk, name string, version int) error {
	f, err := disk.Create(name)
	if err != nil {
		return err
	}
	for _, line := range bytes.SplitAfter(contentOf(version), []byte("\n")) {
		if _, err := f.Write(line); err != nil {
			return errors.Join(err, f.Abort())
		}
	}
	return f.Commit(nil)
}

func contentOf(version int) []byte {
	return []byte(fmt.Sprintf("version %d\n%s\nend of version %d\n", version, strings.Repeat("x", version%40), version))
}

// checkVersions checks what a loss of power left.
func checkVersions(t *testing.T, seed int, dir string, version map[string]int, latest int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	here := make(map[string]bool)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".tmp-") {
			continue
		}
		here[e.Name()] = true
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if _, err := fmt.Sscanf(string(data), "version %d\n", &n); err != nil || !bytes.Equal(data, contentOf(n)) {
			t.Fatalf("seed %d: %s is in part there: %q", seed, e.Name(), data)
		}
		if n < version[e.Name()] || n > latest {
			t.Fatalf("seed %d: %s has version %d, and version %d was written", seed, e.Name(), n, version[e.Name()])
		}
	}
	for name, n := range version {
		if !here[name] {
			t.Fatalf("seed %d: %s is gone, of which version %d was written", seed, name, n)
		}
	}
}
