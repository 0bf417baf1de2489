package output

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// An Identity is what the parts of a run have in common. Input and Config must be equal in all of them; the other
// fields are for the reader.
type Identity struct {
	Input   string // SHA-256 of the plan: what ranks there are, and in which part
	Config  string // whatever else must not differ between parts, such as the seed of a simulated world; may be empty
	Run     string // of the run alone, as RunIn makes it: the same list may be surveyed every night
	Version string // of the program
}

// PartName is the file name of part k.
func PartName(k int) string { return fmt.Sprintf("part-%06d.parquet", k) }

// PartNumber is the number of the part that has the file name; ok is false where no part has.
func PartNumber(name string) (k int, ok bool) {
	digits, ok := strings.CutPrefix(name, "part-")
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, ".parquet")
	if !ok {
		return 0, false
	}
	k, err := strconv.Atoi(digits)
	return k, err == nil && k >= 0 && PartName(k) == name
}

// PartPaths lists the part files in dir, in the order of their numbers.
func PartPaths(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		if k, ok := PartNumber(entry.Name()); ok {
			numbers = append(numbers, k)
		}
	}
	slices.Sort(numbers)
	paths := make([]string, len(numbers))
	for i, k := range numbers {
		paths[i] = filepath.Join(dir, PartName(k))
	}
	return paths, nil
}

// logName is the file name of the log of surveys of part k.
func logName(k int) string { return fmt.Sprintf(".surveys-%06d.log", k) }

// logNumber is the number of the part whose log has the file name.
func logNumber(name string) (k int, ok bool) {
	n, _ := fmt.Sscanf(name, ".surveys-%d.log", &k)
	return k, n == 1 && name == logName(k)
}
