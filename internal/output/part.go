package output

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/codes"
	"stsscan/internal/durable"
)

const (
	// rowsPerGroup bounds what a part holds in memory: 33 octets a row, and what
	// the collector lets lie. DuckDB, which reads each row group with one thread,
	// makes its own 2.7 times as large.
	rowsPerGroup = 46_080
	// bloomBits is the size of the filter on the column domain, per row: one in
	// a hundred names that are not in a row group passes it.
	bloomBits = 10
	// The library reserves a page's memory for every column when it is first
	// given a row. Small parts, of which many are written at a time, need far
	// less than the pages of large ones.
	minPage, maxPage = 4 << 10, 64 << 10 // octets
	pagePerRow       = 32                // octets: a name, or a hash in hexadecimal
	// octetsPerGroup ends a row group early whose evidence is large: a hoster
	// may serve 64 KiB under every name.
	octetsPerGroup = 32 << 20
	// rowsPerWrite is how many rows the library takes at a time.
	rowsPerWrite = 64
	// compression of all but the names of lean rows, which are nine tenths of a
	// file: see appendLiterals.
	compression = zstd.SpeedFastest
)

// A Part is a part file on its way. It is used from one goroutine at a time.
//
// Its rows are of two kinds, which stand in row groups of their own: lean rows,
// which say that there is no record and are nearly all, and full ones. Who asks
// for policies, certificates or findings reads the full ones, and of the others
// a few octets a column.
type Part struct {
	file      *durable.File
	sum       hash.Hash
	sink      *sink
	layout    *layout
	lean      *leanRows // nil until there is one
	full      *fullRows // nil until there is one
	groups    []format.RowGroup
	groupRows int64
	octets    int // of evidence in a row group
	id        Identity
	info      PartInfo
	err       error // the first error: what follows it must never be committed
}

func newPart(file *durable.File, id Identity, l *layout, groupRows int64, info PartInfo) (*Part, error) {
	p := &Part{file: file, sum: sha256.New(), layout: l, groupRows: groupRows, octets: octetsPerGroup, id: id, info: info}
	p.sink = &sink{to: bufio.NewWriterSize(io.MultiWriter(p.file, p.sum), 32<<10)}
	_, err := p.sink.Write([]byte(magic))
	return p, err
}

// LimitGroups ends row groups earlier, with so many octets of evidence: many
// parts may be open at a time. It is called before the first row.
func (p *Part) LimitGroups(octets int) { p.octets = min(octets, octetsPerGroup) }

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
	if p.err == nil && p.full != nil {
		p.err = p.wrap(p.full.flush())
	}
	return p.err
}

// WriteLean appends one row. It is as Write is, which takes lean rows too.
func (p *Part) WriteLean(r *Lean) error {
	if p.err == nil {
		p.err = p.addLean(r)
	}
	return p.err
}

func (p *Part) add(r *Row) error {
	if lean(r) {
		l := leanOf(r)
		return p.addLean(&l)
	}
	if err := p.checkRank(r.Domain, r.Rank); err != nil {
		return err
	}
	if err := checkRow(r); err != nil {
		return err
	}
	if p.full == nil {
		page := min(max(pagePerRow*(p.info.LastRank-p.info.FirstRank+1), minPage), maxPage)
		p.full = newFullRows(p.sink, p.layout, int(page), p.groupRows, p.octets)
	}
	p.info.Counts.Add(ownWords(r))
	p.waits(r)
	return p.wrap(p.full.add(r))
}

// waits notes how long a provisional row has waited, if it is one that must.
func (p *Part) waits(r *Row) {
	switch codes.Pending(r.Pending) {
	case codes.PendingTransient, codes.PendingInterrupted, codes.PendingLocal:
		since := r.ObservedAt.UTC().Truncate(time.Second)
		if p.info.PendingSince == nil || since.After(*p.info.PendingSince) {
			p.info.PendingSince = &since
		}
	}
}

// ExcludeLate counts names that get no row, since they opted out after the names
// were prepared.
func (p *Part) ExcludeLate(n int64) { p.info.ExcludedLate += n }

// checkRank refuses a row that is not of this part.
func (p *Part) checkRank(domain string, rank int64) error {
	if rank < p.info.FirstRank || rank > p.info.LastRank {
		return &RowError{domain, rank, "rank", fmt.Sprintf("is not of part %d", p.info.Part)}
	}
	return nil
}

func (p *Part) addLean(r *Lean) error {
	if err := p.checkRank(r.Domain, r.Rank); err != nil {
		return err
	}
	if r.Domain == "" || r.List == "" || r.TLD == "" || r.Record == "" || r.Policy == "" {
		return checkNotEmpty(r.Row())
	}
	if p.lean == nil {
		p.lean = p.layout.leanRows()
	}
	if !p.lean.add(r) {
		return checkRow(r.Row())
	}
	if int64(p.lean.rows) == p.groupRows {
		return p.endLean()
	}
	if p.lean.own.Rank.values.n == rowsPerPage {
		return p.wrap(p.lean.flush())
	}
	return nil
}

// endLean writes the row group of lean rows.
func (p *Part) endLean() error {
	group, err := p.lean.end(p.sink, &p.info.Counts)
	p.groups = append(p.groups, group)
	return p.wrap(err)
}

func (p *Part) wrap(err error) error {
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
	p.info.Bytes = p.sink.offset
	p.info.SHA256, p.info.checked = hex.EncodeToString(p.sum.Sum(nil)), true
	if p.err = p.file.Commit(p.check); p.err != nil {
		return PartInfo{}, p.err
	}
	p.err = errors.New("output: the part is committed")
	return p.info, nil
}

// Abort gives the part up and removes what was written of it. It does nothing
// after Commit.
func (p *Part) Abort() error { return p.file.Abort() }

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
