package output

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"stsscan/internal/filesum"
)

// A PartInfo is what the footer of a part says, and the hash of the file.
type PartInfo struct {
	Name      string `json:"name"`       // file name
	Part      int    `json:"part"`       // its number, from 0
	Rows      int64  `json:"rows"`       //
	Bytes     int64  `json:"bytes"`      // size of the file
	SHA256    string `json:"sha256"`     // of the file, in hexadecimal
	FirstRank int64  `json:"first_rank"` // first rank that belongs to the part, whether or not it has a row
	LastRank  int64  `json:"last_rank"`  //
	Pending   int64  `json:"pending"`    // rows that are provisional

	// ExcludedLate is the number of names that have no row because they opted out after the lists were prepared.
	ExcludedLate int64 `json:"excluded_late,omitempty"`

	// Rewrite is how often the part was rewritten, with its final rows taken over, since all its names were last
	// asked.
	Rewrite int64 `json:"rewrite,omitempty"`

	// PendingSince is when the last provisional row was observed that has to wait before it is asked again; nil:
	// there is none.
	PendingSince *time.Time `json:"pending_since,omitempty"`

	Input  string `json:"-"` // as in [Identity]
	Config string `json:"-"`
	Run    string `json:"-"`
	Counts Counts `json:"-"`

	version string // of the table
	checked bool   // the file has a checksum, and it is right
}

// ReadPartInfo reads and hashes the whole part file path, and checks its checksum and footer, but not its rows: see
// [ReadPart]. Its error wraps [ErrDamaged] or [ErrForeign] where the file can be read and is not what it should be.
func ReadPartInfo(path string) (PartInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return PartInfo{}, err
	}
	defer f.Close()
	info, err := readPartInfo(f)
	if err != nil {
		return PartInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	return info, nil
}

// readPartInfo checks the checksum before it reads anything else in the file.
func readPartInfo(f *os.File) (PartInfo, error) {
	stat, err := f.Stat()
	if err != nil {
		return PartInfo{}, err
	}
	if err := filesum.CheckEnds(f, stat.Size()); err != nil {
		return PartInfo{}, err
	}
	sum, checked, err := filesum.Hash(f, stat.Size())
	if err != nil {
		return PartInfo{}, err
	}
	_, info, err := openPart(f)
	info.SHA256, info.checked = sum, checked
	return info, err
}

// openPart reads the footer of f. The info lacks the hash.
func openPart(f *os.File) (*parquet.File, PartInfo, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, PartInfo{}, err
	}
	return openPartAt(f, stat.Size(), f.Name())
}

// openPartAt is openPart of size octets, which are a file with the name.
func openPartAt(
	f io.ReaderAt, size int64, name string, options ...parquet.FileOption,
) (*parquet.File, PartInfo, error) {
	if err := filesum.CheckEnds(f, size); err != nil {
		return nil, PartInfo{}, err
	}
	var file *parquet.File
	err := catchPanic(func() (err error) {
		file, err = parquet.OpenFile(f, size, options...)
		return err
	})
	if err != nil {
		return nil, PartInfo{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	info := PartInfo{Name: filepath.Base(name), Bytes: size, Rows: file.NumRows()}
	if err := info.readMetadata(file); err != nil {
		return nil, PartInfo{}, err
	}
	if err := info.checkRanks(file); err != nil {
		return nil, PartInfo{}, err
	}
	return file, info, nil
}

// readMetadata fills i from the key-value metadata.
func (i *PartInfo) readMetadata(file *parquet.File) error {
	switch version, ok := file.Lookup(keySchema); {
	case !ok:
		return fmt.Errorf("%w: it has no %s", ErrForeign, keySchema)
	case !readable(version):
		return fmt.Errorf("%w: its schema is version %q, and this program knows versions %s and %s",
			ErrForeign, version, firstVersion, SchemaVersion)
	default:
		i.version = version
	}
	i.Input, _ = file.Lookup(keyInput)
	i.Config, _ = file.Lookup(keyConfig)
	i.Run, _ = file.Lookup(keyRun)
	var part, rows int64
	for _, n := range []struct {
		key      string
		to       *int64
		least    int64
		optional bool
	}{
		{keyPart, &part, 0, false}, {keyRows, &rows, 0, false}, {keyPending, &i.Pending, 0, false},
		{keyFirstRank, &i.FirstRank, 0, false}, {keyLastRank, &i.LastRank, 0, false},
		{keyRewrite, &i.Rewrite, 0, true}, {keyLate, &i.ExcludedLate, 1, true},
	} {
		text, ok := file.Lookup(n.key)
		if !ok && n.optional {
			continue
		}
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil || value < n.least {
			return fmt.Errorf("%w: %s is %q", ErrDamaged, n.key, text)
		}
		*n.to = value
	}
	i.Part = int(part)
	counts, _ := file.Lookup(keyCounts)
	if err := json.Unmarshal([]byte(counts), &i.Counts); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, keyCounts, err)
	}
	if since, ok := file.Lookup(keySince); ok {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return fmt.Errorf("%w: %s is %q", ErrDamaged, keySince, since)
		}
		i.PendingSince = &at
	}
	if pending := i.Counts.Provisional(); pending != i.Pending {
		return fmt.Errorf("%w: it was closed with %d provisional rows and counted %d", ErrDamaged, i.Pending, pending)
	}
	if rows != i.Rows || i.Counts.Rows != i.Rows {
		return fmt.Errorf("%w: it holds %d rows, was closed with %d and counted %d", ErrDamaged, i.Rows, rows, i.Counts.Rows)
	}
	return nil
}

// checkRanks compares the statistics of the column rank with the ranks that belong to the part.
func (i *PartInfo) checkRanks(file *parquet.File) error {
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			if path := column.MetaData.PathInSchema; len(path) != 1 || path[0] != "rank" {
				continue
			}
			low, high := column.MetaData.Statistics.MinValue, column.MetaData.Statistics.MaxValue
			if len(low) != 8 || len(high) != 8 {
				return fmt.Errorf("%w: the column rank has no statistics", ErrDamaged)
			}
			first, last := int64(binary.LittleEndian.Uint64(low)), int64(binary.LittleEndian.Uint64(high))
			if first < i.FirstRank || last > i.LastRank {
				return fmt.Errorf("%w: it is for the ranks %d to %d and holds %d to %d",
					ErrDamaged, i.FirstRank, i.LastRank, first, last)
			}
		}
	}
	return nil
}
