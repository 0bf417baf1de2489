package output

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Keys of the metadata in the footer of a part.
const (
	keyChecksum  = "stsscan.checksum"       // of the file: see checksumAt
	keySchema    = "stsscan.schema_version" // SchemaVersion
	keyInput     = "stsscan.input"          // Identity.Input
	keyConfig    = "stsscan.config"         // Identity.Config
	keyRun       = "stsscan.run"            // Identity.Run
	keyPart      = "stsscan.part"           // number of the part
	keyFirstRank = "stsscan.first_rank"     // first rank that belongs to the part
	keyLastRank  = "stsscan.last_rank"      // last rank that belongs to the part
	keyRows      = "stsscan.rows"           // number of rows
	keyRewrite   = "stsscan.rewrite"        // PartInfo.Rewrite; only where it is not 0
	keyPending   = "stsscan.pending"        // number of rows that are provisional
	keySince     = "stsscan.pending_since"  // PartInfo.PendingSince, as in RFC 3339; only where there is one
	keyLate      = "stsscan.excluded_late"  // PartInfo.ExcludedLate; only where there are some
	keyCounts    = "stsscan.counts"         // Counts of the rows, in JSON
)

var (
	// ErrDamaged says that a file with the name of a part is not a whole part.
	ErrDamaged = errors.New("not a whole part file")
	// ErrForeign says that a whole part belongs to another run or schema.
	ErrForeign = errors.New("part file of another run")
)

// A PartInfo is what a part says of itself, with the hash of its bytes.
type PartInfo struct {
	Name      string `json:"name"`       // file name
	Part      int    `json:"part"`       // its number, from 0
	Rows      int64  `json:"rows"`       //
	Bytes     int64  `json:"bytes"`      // size of the file
	SHA256    string `json:"sha256"`     // of the file, in hexadecimal
	FirstRank int64  `json:"first_rank"` // first rank that belongs to the part, whether or not it has a row
	LastRank  int64  `json:"last_rank"`  //
	Pending   int64  `json:"pending"`    // rows that are provisional

	// ExcludedLate is the number of names without a row that opted out after the
	// names were prepared.
	ExcludedLate int64 `json:"excluded_late,omitempty"`

	// Rewrite is how often the part was written anew, with the rows that stand
	// taken over, since its names were last asked from the first to the last.
	Rewrite int64 `json:"rewrite,omitempty"`

	// PendingSince is when the last of the provisional rows was observed that
	// are not to be asked again at once; nil: there is none.
	PendingSince *time.Time `json:"pending_since,omitempty"`

	Input  string `json:"-"` // as in [Identity]
	Config string `json:"-"`
	Counts Counts `json:"-"`

	checked bool // the file has a checksum of its own, and it is right
}

// ReadPartInfo reads the whole part file path, hashes it, and judges its
// checksum and its footer, but not its rows: see [ReadPart]. Its error wraps [ErrDamaged] or
// [ErrForeign] where the file can be read and is not what it should be.
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

// readPartInfo trusts nothing in the file before its checksum was found right.
func readPartInfo(f *os.File) (PartInfo, error) {
	stat, err := f.Stat()
	if err != nil {
		return PartInfo{}, err
	}
	if err := checkEnds(f, stat.Size()); err != nil {
		return PartInfo{}, err
	}
	sum, checked, err := hashPart(f, stat.Size())
	if err != nil {
		return PartInfo{}, err
	}
	_, info, err := openPart(f)
	info.SHA256, info.checked = sum, checked
	return info, err
}

// openPart reads the footer of f. The info has everything but the hash.
func openPart(f *os.File) (*parquet.File, PartInfo, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, PartInfo{}, err
	}
	if err := checkEnds(f, stat.Size()); err != nil {
		return nil, PartInfo{}, err
	}
	var file *parquet.File
	err = contain(func() (err error) {
		file, err = parquet.OpenFile(f, stat.Size())
		return err
	})
	if err != nil {
		return nil, PartInfo{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	info := PartInfo{Name: filepath.Base(f.Name()), Bytes: stat.Size(), Rows: file.NumRows()}
	if err := info.readMetadata(file); err != nil {
		return nil, PartInfo{}, err
	}
	if err := info.checkRanks(file); err != nil {
		return nil, PartInfo{}, err
	}
	return file, info, nil
}

// checkEnds looks at the first and the last bytes of a Parquet file, so that
// the library never has to believe the length of a footer that is not there.
func checkEnds(f io.ReaderAt, size int64) error {
	head, tail := make([]byte, len(magic)), make([]byte, 4+len(magic))
	if size < int64(len(head)+len(tail)) {
		return fmt.Errorf("%w: %d bytes are too few", ErrDamaged, size)
	}
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	switch footer := int64(binary.LittleEndian.Uint32(tail)); {
	case string(head) != magic:
		return fmt.Errorf("%w: it does not begin as Parquet does", ErrDamaged)
	case string(tail[4:]) != magic:
		return fmt.Errorf("%w: the end is missing", ErrDamaged)
	case footer > size-int64(len(head)+len(tail)):
		return fmt.Errorf("%w: a footer of %d bytes cannot be", ErrDamaged, footer)
	}
	return nil
}

// footerStart is where the footer of a file begins that checkEnds has accepted.
func footerStart(f io.ReaderAt, size int64) (int64, error) {
	tail := make([]byte, 4+len(magic))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, err
	}
	return size - int64(len(tail)) - int64(binary.LittleEndian.Uint32(tail)), nil
}

// readMetadata fills i from the key-value metadata.
func (i *PartInfo) readMetadata(file *parquet.File) error {
	switch version, ok := file.Lookup(keySchema); {
	case !ok:
		return fmt.Errorf("%w: it has no %s", ErrForeign, keySchema)
	case version != SchemaVersion:
		return fmt.Errorf("%w: its schema is version %q, and this program knows version %s", ErrForeign, version, SchemaVersion)
	}
	i.Input, _ = file.Lookup(keyInput)
	i.Config, _ = file.Lookup(keyConfig)
	var part, rows int64
	for _, n := range []struct {
		key string
		to  *int64
	}{{keyPart, &part}, {keyRows, &rows}, {keyFirstRank, &i.FirstRank}, {keyLastRank, &i.LastRank}, {keyPending, &i.Pending}} {
		text, _ := file.Lookup(n.key)
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil || value < 0 {
			return fmt.Errorf("%w: %s is %q", ErrDamaged, n.key, text)
		}
		*n.to = value
	}
	i.Part = int(part)
	if late, ok := file.Lookup(keyLate); ok {
		n, err := strconv.ParseInt(late, 10, 64)
		if err != nil || n < 1 {
			return fmt.Errorf("%w: %s is %q", ErrDamaged, keyLate, late)
		}
		i.ExcludedLate = n
	}
	if text, ok := file.Lookup(keyRewrite); ok {
		var err error
		if i.Rewrite, err = strconv.ParseInt(text, 10, 64); err != nil || i.Rewrite < 0 {
			return fmt.Errorf("%w: %s is %q", ErrDamaged, keyRewrite, text)
		}
	}
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

// checkRanks holds the statistics of the column rank against the range of
// ranks that the part is for.
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
				return fmt.Errorf("%w: it is for the ranks %d to %d and holds %d to %d", ErrDamaged, i.FirstRank, i.LastRank, first, last)
			}
		}
	}
	return nil
}

// contain runs f, which reads a file through the Parquet library, and makes an
// error of a panic: the library trusts what it reads, and files can be damaged.
func contain(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading it panicked: %v", p)
		}
	}()
	return f()
}
