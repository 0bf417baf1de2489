package output

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"stsscan/internal/durable"
)

const (
	// rowsPerGroup bounds what a part holds in memory, about 50 MiB, and is the
	// row group of DuckDB, which reads each with one thread.
	rowsPerGroup = 122_880
	// bloomBits is the size of the filter on the column domain, per row: one in
	// a hundred names that are not in a row group passes it.
	bloomBits = 10
	// The library reserves a page's memory for every column when a file is
	// begun. Small parts, of which many are written at a time, need far less
	// than the pages of large ones.
	minPage, maxPage = 4 << 10, 256 << 10 // octets
	pagePerRow       = 32                 // octets: a name, or a hash in hexadecimal
	// octetsPerGroup ends a row group early whose evidence is large: a hoster
	// may serve 64 KiB under every name.
	octetsPerGroup = 32 << 20
	// rowsPerWrite is how many rows the library takes at a time.
	rowsPerWrite = 64
)

// A Part is a part file on its way. It is used from one goroutine at a time.
type Part struct {
	file   *durable.File
	sum    hash.Hash
	bytes  int64
	writer *parquet.GenericWriter[Row]
	info   PartInfo
	batch  []Row  // waits for more of its kind; within one Write
	absent uint64 // columns that are NULL in each row of batch
	err    error  // the first error: what follows it must never be committed
	octets int    // of evidence in the row group
}

func newPart(file *durable.File, id Identity, groupRows int64, info PartInfo) *Part {
	p := &Part{file: file, sum: sha256.New(), info: info, batch: make([]Row, 0, rowsPerWrite)}
	page := min(max(pagePerRow*(info.LastRank-info.FirstRank+1), minPage), maxPage)
	p.writer = parquet.NewGenericWriter[Row](p.output(),
		parquet.PageBufferSize(int(page)),
		parquet.CreatedBy("stsscan", id.Version, ""),
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.MaxRowsPerRowGroup(groupRows),
		parquet.DataPageStatistics(true),
		parquet.BloomFilters(parquet.SplitBlockFilter(bloomBits, "domain")),
		parquet.KeyValueMetadata(keySchema, SchemaVersion),
		parquet.KeyValueMetadata(keyInput, info.Input),
		parquet.KeyValueMetadata(keyConfig, info.Config),
		parquet.KeyValueMetadata(keyRun, id.Run),
		parquet.KeyValueMetadata(keyPart, strconv.Itoa(info.Part)),
		parquet.KeyValueMetadata(keyFirstRank, strconv.FormatInt(info.FirstRank, 10)),
		parquet.KeyValueMetadata(keyLastRank, strconv.FormatInt(info.LastRank, 10)),
	)
	return p
}

// output is the file, hashed and counted as it is written.
func (p *Part) output() io.Writer { return io.MultiWriter(p.file, p.sum, (*byteCount)(&p.bytes)) }

// A byteCount counts what is written to it.
type byteCount int64

func (c *byteCount) Write(b []byte) (int, error) {
	*c += byteCount(len(b))
	return len(b), nil
}

// Write appends rows in any order; it may reorder rows, and keeps nothing of
// them after it returns. A *[RowError] says which row cannot be stored. After
// an error the part can only be aborted.
func (p *Part) Write(rows []Row) error {
	for i := range rows {
		if p.err != nil {
			break
		}
		p.err = p.add(&rows[i])
	}
	if p.err == nil {
		p.err = p.flush()
	}
	return p.err
}

// add puts r with the rows that go to the library next.
//
// They all have the same columns NULL: in a mixed batch the library (v0.32.0)
// can take rows for the opposite of what they are. Its writeRowsFuncOfOptional
// compares the rest of a bitmap with the wrong mask, and of the rows NULL, "x",
// NULL the third is then written as an empty text. Most rows of a survey are
// alike, so that this costs little.
func (p *Part) add(r *Row) error {
	if err := checkRow(r); err != nil {
		return err
	}
	if r.Rank < p.info.FirstRank || r.Rank > p.info.LastRank {
		return &RowError{r.Domain, r.Rank, "rank", fmt.Sprintf("is not of part %d", p.info.Part)}
	}
	set := absent(r)
	if len(p.batch) == cap(p.batch) || len(p.batch) > 0 && set != p.absent {
		if err := p.flush(); err != nil {
			return err
		}
	}
	p.absent = set
	p.batch = append(p.batch, *r)
	p.info.Counts.Add(r)
	if p.octets += r.Octets(); p.octets < octetsPerGroup {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.octets = 0
	if err := p.writer.Flush(); err != nil {
		return fmt.Errorf("%s: %w", p.info.Name, err)
	}
	return nil
}

// flush gives the batch to the library and forgets it.
func (p *Part) flush() error {
	_, err := p.writer.Write(p.batch)
	clear(p.batch)
	p.batch = p.batch[:0]
	if err != nil {
		return fmt.Errorf("%s: %w", p.info.Name, err)
	}
	return nil
}

// Commit ends the file, reads it back, and makes it appear under its name when
// it says what was written. On error there is no file that was not there
// before.
func (p *Part) Commit() (PartInfo, error) {
	if p.err == nil {
		p.err = p.close()
	}
	if p.err != nil {
		return PartInfo{}, errors.Join(p.err, p.Abort())
	}
	p.info.Rows = p.info.Counts.Rows
	p.info.Bytes = p.bytes
	p.info.SHA256 = hex.EncodeToString(p.sum.Sum(nil))
	if p.err = p.file.Commit(p.check); p.err != nil {
		return PartInfo{}, p.err
	}
	p.err = errors.New("output: the part is committed")
	return p.info, nil
}

// Abort gives the part up and removes what was written of it. It does nothing
// after Commit.
func (p *Part) Abort() error { return p.file.Abort() }

// close writes the footer.
func (p *Part) close() error {
	counts, err := json.Marshal(p.info.Counts)
	if err != nil {
		return err
	}
	p.writer.SetKeyValueMetadata(keyRows, strconv.FormatInt(p.info.Counts.Rows, 10))
	p.writer.SetKeyValueMetadata(keyPending, strconv.FormatInt(p.info.Pending, 10))
	p.writer.SetKeyValueMetadata(keyCounts, string(counts))
	if err := p.writer.Close(); err != nil {
		return fmt.Errorf("%s: %w", p.info.Name, err)
	}
	return nil
}

// check reads the file back under its temporary name, before it is renamed.
func (p *Part) check(path string) error {
	got, err := ReadPartInfo(path)
	switch {
	case err != nil:
		return err
	case got.SHA256 != p.info.SHA256 || got.Bytes != p.info.Bytes:
		return fmt.Errorf("%w: %d bytes were written with SHA-256 %s, %d bytes were read with %s",
			ErrDamaged, p.info.Bytes, p.info.SHA256, got.Bytes, got.SHA256)
	case got.Rows != p.info.Rows || got.FirstRank != p.info.FirstRank || got.LastRank != p.info.LastRank:
		return fmt.Errorf("%w: %d rows of the ranks %d to %d were written, %d rows of %d to %d were read",
			ErrDamaged, p.info.Rows, p.info.FirstRank, p.info.LastRank, got.Rows, got.FirstRank, got.LastRank)
	}
	return nil
}
