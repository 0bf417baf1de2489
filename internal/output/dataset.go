package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"stsscan/internal/durable"
)

// A Dataset is the part files of one run in one directory. Several goroutines may use it, and one at a time each
// [Part].
type Dataset struct {
	Disk durable.Disk // under the directory; set it before use; zero: the operating system's

	dir     string
	id      Identity
	layout  *layout
	maxRows int64 // in a row group
}

// Open opens the dataset in the directory dir, which must exist. It writes nothing.
func Open(dir string, id Identity) (*Dataset, error) {
	stat, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !stat.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", dir)
	}
	layout, err := newLayout()
	if err != nil {
		return nil, err
	}
	return &Dataset{dir: dir, id: id, layout: layout, maxRows: rowsPerGroup}, nil
}

// Accept reports whether part k is there as an earlier process wrote it: the file that the manifest lists; or one of
// this run, with the right checksum, that the manifest does not list yet (listed is nil) or lists as it was before
// it was rewritten. No file is no error; any other file is one, which wraps [ErrDamaged] or [ErrForeign] and names
// the file. It reads the whole file.
func (d *Dataset) Accept(k int, listed *PartInfo) (PartInfo, bool, error) {
	info, ok, err := d.Whole(k)
	switch {
	case err != nil || !ok || listed != nil && info.SHA256 == listed.SHA256:
		return info, ok, err
	case listed != nil && info.Rewrite <= listed.Rewrite:
		err = fmt.Errorf("%s: %w: it is not the file that the manifest lists", d.path(k), ErrDamaged)
	case !info.checked:
		err = fmt.Errorf("%s: %w: it has no checksum, and the manifest does not list it", d.path(k), ErrDamaged)
	}
	return info, err == nil, err
}

// Whole reports whether part k is there: whole, and of this run and schema. No file is no error; any other file is
// one, which wraps [ErrDamaged] or [ErrForeign] and names the file. It reads the whole file.
func (d *Dataset) Whole(k int) (PartInfo, bool, error) {
	path := d.path(k)
	info, err := ReadPartInfo(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return PartInfo{}, false, nil
	case err != nil:
		return PartInfo{}, false, err
	case info.version != SchemaVersion:
		return PartInfo{}, false, fmt.Errorf("%s: %w: its schema is version %s, and this program writes version %s",
			path, ErrForeign, info.version, SchemaVersion)
	case info.Part != k:
		return PartInfo{}, false, fmt.Errorf("%s: %w: it is part %d", path, ErrForeign, info.Part)
	case info.Input != d.id.Input:
		err := fmt.Errorf("%s: %w: its input is %.12q, not %.12q", path, ErrForeign, info.Input, d.id.Input)
		return PartInfo{}, false, err
	case info.Config != d.id.Config:
		err := fmt.Errorf("%s: %w: its configuration is %q, not %q", path, ErrForeign, info.Config, d.id.Config)
		return PartInfo{}, false, err
	case info.Run != d.id.Run:
		err := fmt.Errorf("%s: %w of this run: it is of run %q, not %q", path, ErrDamaged, info.Run, d.id.Run)
		return PartInfo{}, false, err
	}
	return info, true, nil
}

// Create begins part k, for rows with the ranks firstRank to lastRank. Its file appears when the part is committed,
// and replaces an earlier one. A Part that is not committed must be aborted.
func (d *Dataset) Create(k int, firstRank, lastRank int64) (*Part, error) {
	if k < 0 || firstRank < 1 || lastRank < firstRank {
		return nil, fmt.Errorf("part %d cannot have the ranks %d to %d", k, firstRank, lastRank)
	}
	file, err := d.Disk.Create(d.path(k))
	if err != nil {
		return nil, err
	}
	return newPart(file, d.id, d.layout, d.maxRows, PartInfo{
		Name:      PartName(k),
		Part:      k,
		FirstRank: firstRank,
		LastRank:  lastRank,
		Input:     d.id.Input,
		Config:    d.id.Config,
		Run:       d.id.Run,
		version:   SchemaVersion,
	})
}

// Sweep removes the temporary files that a killed process left, of the parts that mine reports are the caller's, and of
// their logs; nil means all. Where shards share a directory, those of the others may be in use.
func (d *Dataset) Sweep(mine func(k int) bool) error {
	return d.Disk.Sweep(d.dir, func(name string) bool {
		k, ok := PartNumber(name)
		if !ok {
			k, ok = logNumber(name)
		}
		return ok && (mine == nil || mine(k))
	})
}

func (d *Dataset) path(k int) string { return filepath.Join(d.dir, PartName(k)) }
