package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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

// magic begins and ends a Parquet file.
const magic = "PAR1"

// checkEnds checks the first and the last octets of a Parquet file: the library believes any length of the footer.
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

// footerStart is the offset of the footer in a file that checkEnds has accepted.
func footerStart(f io.ReaderAt, size int64) (int64, error) {
	tail := make([]byte, 4+len(magic))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, err
	}
	return size - int64(len(tail)) - int64(binary.LittleEndian.Uint32(tail)), nil
}

// catchPanic runs f, which reads a file through the Parquet library, and returns a panic as an error: the library
// trusts what it reads, and files can be damaged.
func catchPanic(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading it panicked: %v", p)
		}
	}()
	return f()
}
