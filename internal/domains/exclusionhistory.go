package domains

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stsscan/internal/durable"
)

// An ExclusionVersion describes the contents of a file of exclusions at one time.
type ExclusionVersion struct {
	SHA256    string    `json:"sha256"`     // Exclusions.SHA256
	Entries   int       `json:"entries"`    // number of them
	FirstSeen time.Time `json:"first_seen"` // when they were first read
}

// An exclusionHistory is a file of the run directory that keeps what one shard has read from a file of
// exclusions, so that no entry is lost between two processes.
type exclusionHistory struct {
	Versions []ExclusionVersion `json:"versions"` // in the order of reading
	Late     []string           `json:"late"`     // entries of all versions that the plan does not have, in order
	Checksum string             `json:"checksum"` // of the file: see durable.Seal

	disk durable.Disk
	path string
	now  func() time.Time
}

// HistoryName is the file of the history that [ExclusionFile.Follow] keeps under a name.
func HistoryName(name string) string { return "exclusions-" + name + ".json" }

func openExclusionHistory(disk durable.Disk, dir, name string, now func() time.Time) (*exclusionHistory, error) {
	if err := disk.Sweep(dir, func(file string) bool { return file == HistoryName(name) }); err != nil {
		return nil, err
	}
	h := &exclusionHistory{disk: disk, path: filepath.Join(dir, HistoryName(name)), now: now}
	if err := h.read(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return h, nil
}

// errHistory says that a history is not as it was written.
var errHistory = errors.New("damaged history of exclusions")

func (h *exclusionHistory) read() error {
	data, err := os.ReadFile(h.path)
	if err != nil {
		return err
	}
	err = durable.CheckSeal(data)
	if err == nil {
		err = json.Unmarshal(data, h)
	}
	if err == nil && h.Checksum == "" {
		err = durable.ErrSeal
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", h.path, errHistory, err)
	}
	return nil
}

// add keeps a version and its entries that the plan does not have, unless the version is the last one kept, or
// has no entries.
func (h *exclusionHistory) add(x, late *Exclusions) error {
	sum, n := x.SHA256(), len(h.Versions)
	if n == 0 && sum == "" || n > 0 && h.Versions[n-1].SHA256 == sum {
		return nil
	}
	grown := *h
	version := ExclusionVersion{SHA256: sum, Entries: len(x.entries()), FirstSeen: h.now().UTC()}
	grown.Versions = append(slices.Clone(h.Versions), version)
	grown.Late, grown.Checksum = late.entries(), durable.NoSeal
	if err := h.disk.WriteSealed(h.path, &grown, "  "); err != nil {
		return err
	}
	*h = grown
	return nil
}

// ReadExclusionHistory reads the Exclusions that were added to those of the plan while the run lasted, by any of
// its shards; nil: none.
func ReadExclusionHistory(dir string) (*Exclusions, error) {
	return readHistories(dir, func(_ string, err error) error { return err })
}

// readHistories is ReadExclusionHistory. A damaged history is ignored if damaged returns no error.
func readHistories(dir string, damaged func(path string, err error) error) (*Exclusions, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var entries []string
	for _, file := range files {
		if ok, _ := filepath.Match(HistoryName("*"), file.Name()); !ok {
			continue
		}
		h := exclusionHistory{path: filepath.Join(dir, file.Name())}
		switch err := h.read(); {
		case errors.Is(err, errHistory):
			if err := damaged(h.path, err); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			entries = append(entries, h.Late...)
		}
	}
	if len(entries) == 0 {
		return nil, nil
	}
	return newExclusions(entries)
}
