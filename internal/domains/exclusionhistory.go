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

// An ExclusionVersion is what a file of exclusions had in it at a time.
type ExclusionVersion struct {
	SHA256    string    `json:"sha256"`     // Exclusions.SHA256
	Entries   int       `json:"entries"`    // number of them
	FirstSeen time.Time `json:"first_seen"` // when it was first read
}

// An exclusionHistory is a file of the run directory that keeps what one shard has
// seen of a file of exclusions: so that no entry is lost between two processes.
type exclusionHistory struct {
	Versions []ExclusionVersion `json:"versions"` // in the order in which they were seen
	Late     []string           `json:"late"`     // entries that the plan does not have, of all versions, in order
	Checksum string             `json:"checksum"` // of the file: see durable.Seal

	disk durable.Disk
	path string
	now  func() time.Time
}

func historyName(name string) string { return "exclusions-" + name + ".json" }

func openExclusionHistory(disk durable.Disk, dir, name string, now func() time.Time) (*exclusionHistory, error) {
	chunks := filepath.Join(dir, chunksDir)
	if err := disk.Sweep(chunks, func(file string) bool { return file == historyName(name) }); err != nil {
		return nil, err
	}
	h := &exclusionHistory{disk: disk, path: filepath.Join(chunks, historyName(name)), now: now}
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

// add keeps a version, with its entries that the plan does not have, unless it is
// the one that was seen last, or has no entries.
func (h *exclusionHistory) add(x, late *Exclusions) error {
	sum, n := x.SHA256(), len(h.Versions)
	if n == 0 && sum == "" || n > 0 && h.Versions[n-1].SHA256 == sum {
		return nil
	}
	grown := *h
	version := ExclusionVersion{SHA256: sum, Entries: len(x.entries()), FirstSeen: h.now().UTC()}
	grown.Versions = append(slices.Clone(h.Versions), version)
	grown.Late, grown.Checksum = late.entries(), durable.NoSeal
	data, err := json.MarshalIndent(&grown, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	durable.Seal(data)
	if err := h.disk.WriteFile(h.path, data); err != nil {
		return err
	}
	*h = grown
	return nil
}

// ReadExclusionHistory reads who was excluded in the run of a directory at any
// time since its names were prepared, and was not then, by the word of all its
// shards; nil: none.
func ReadExclusionHistory(dir string) (*Exclusions, error) {
	return readHistories(dir, func(_ string, err error) error { return err })
}

// readHistories is ReadExclusionHistory. A history that is damaged counts for
// nothing where damaged returns no error.
func readHistories(dir string, damaged func(path string, err error) error) (*Exclusions, error) {
	chunks := filepath.Join(dir, chunksDir)
	files, err := os.ReadDir(chunks)
	if err != nil {
		return nil, err
	}
	var entries []string
	for _, file := range files {
		if ok, _ := filepath.Match(historyName("*"), file.Name()); !ok {
			continue
		}
		h := exclusionHistory{path: filepath.Join(chunks, file.Name())}
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
