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

	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/codes"
	"stsscan/internal/durable"
	"stsscan/internal/filesum"
)

// A Part is a part file that is being written. It is used from one goroutine at a time.
//
// Its rows are of two kinds, each in row groups of its own: denials, which say that there is no record and are
// nearly all, and full ones. A reader of policies, certificates or findings reads the full ones, and a few octets a
// column of the others.
type Part struct {
	file      *durable.File
	sum       hash.Hash
	out       *fileWriter
	layout    *layout
	denials   *denialRows // nil until there is one
	full      *fullRows   // nil until there is one
	groups    []format.RowGroup
	maxRows   int64 // in a row group
	maxOctets int   // of evidence in a row group
	id        Identity
	info      PartInfo
	err       error // the first one: after it the part is never committed
}

func newPart(file *durable.File, id Identity, l *layout, maxRows int64, info PartInfo) (*Part, error) {
	p := &Part{
		file: file, sum: sha256.New(), layout: l, maxRows: maxRows, maxOctets: octetsPerGroup, id: id, info: info,
	}
	p.out = &fileWriter{to: bufio.NewWriterSize(io.MultiWriter(p.file, p.sum), 32<<10)}
	_, err := p.out.Write([]byte(filesum.Magic))
	return p, err
}

// LimitGroups bounds the octets of evidence in a row group, for when many parts are open at a time. It is called
// before the first row.
func (p *Part) LimitGroups(octets int) { p.maxOctets = min(octets, octetsPerGroup) }

// Write appends rows in any order. It may reorder rows, and keeps nothing of them after it returns. A *[RowError]
// names a row that cannot be stored. After an error the part can only be aborted.
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

// WriteDenial appends a denial, as Write does.
func (p *Part) WriteDenial(r *Denial) error {
	if p.err == nil {
		p.err = p.addDenial(r)
	}
	return p.err
}

func (p *Part) add(r *Row) error {
	if isDenial(r) {
		d := denialOf(r)
		return p.addDenial(&d)
	}
	if err := p.checkRank(r.Domain, r.Rank); err != nil {
		return err
	}
	if err := checkRow(r); err != nil {
		return err
	}
	if p.full == nil {
		page := min(max(pagePerRow*(p.info.LastRank-p.info.FirstRank+1), minPage), maxPage)
		p.full = newFullRows(p.out, p.layout, int(page), p.maxRows, p.maxOctets)
	}
	p.info.Counts.Add(countedWords(r))
	p.notePending(r)
	return p.wrap(p.full.add(r))
}

// notePending keeps the latest time of the provisional rows that have to wait: see PartInfo.PendingSince.
func (p *Part) notePending(r *Row) {
	switch codes.Pending(r.Pending) {
	case codes.PendingTransient, codes.PendingInterrupted, codes.PendingLocal:
		since := r.ObservedAt.UTC().Truncate(time.Second)
		if p.info.PendingSince == nil || since.After(*p.info.PendingSince) {
			p.info.PendingSince = &since
		}
	}
}

// ExcludeLate counts names that get no row because they opted out after the lists were prepared.
func (p *Part) ExcludeLate(n int64) { p.info.ExcludedLate += n }

// checkRank refuses a row whose rank does not belong to the part.
func (p *Part) checkRank(domain string, rank int64) error {
	if rank < p.info.FirstRank || rank > p.info.LastRank {
		return &RowError{domain, rank, "rank", fmt.Sprintf("is not of part %d", p.info.Part)}
	}
	return nil
}

func (p *Part) addDenial(r *Denial) error {
	if err := p.checkRank(r.Domain, r.Rank); err != nil {
		return err
	}
	if r.Domain == "" || r.List == "" || r.TLD == "" || r.Record == "" || r.Policy == "" {
		return checkNotEmpty(r.Row())
	}
	if p.denials == nil {
		var err error
		if p.denials, err = p.layout.denialRows(); err != nil {
			return p.wrap(err)
		}
	}
	if !p.denials.add(r) {
		return checkRow(r.Row())
	}
	if int64(p.denials.rows) == p.maxRows {
		return p.endDenials()
	}
	if p.denials.page == rowsPerPage {
		return p.wrap(p.denials.endPage())
	}
	return nil
}

// endDenials writes the row group of denials.
func (p *Part) endDenials() error {
	group, err := p.denials.end(p.out, p.out.offset, &p.info.Counts)
	p.groups = append(p.groups, group)
	return p.wrap(err)
}

// EndGroups writes the row groups that are not written yet, and frees their memory. That is for a part that waits
// for its last rows while many others are written: later rows begin other groups.
func (p *Part) EndGroups() error {
	if p.err == nil {
		p.err = p.endGroups()
	}
	return p.err
}

func (p *Part) endGroups() error {
	if p.denials != nil {
		if p.denials.rows > 0 {
			if err := p.endDenials(); err != nil {
				return err
			}
		}
		p.layout.spare.Put(p.denials)
		p.denials = nil
	}
	if p.full != nil {
		groups, err := p.full.close()
		if err != nil {
			return p.wrap(err)
		}
		p.groups = append(p.groups, groups...)
		p.full = nil
	}
	return nil
}

// close writes the row groups that are not written yet, and the footer.
func (p *Part) close() error {
	if err := p.endGroups(); err != nil {
		return err
	}
	p.info.Pending = p.info.Counts.Provisional()
	footer, err := encodeFooter(p.layout.footer, p.id, &p.info, p.groups)
	if err != nil {
		return p.wrap(err)
	}
	if err := p.out.to.Flush(); err != nil { // so that all before the footer is hashed
		return p.wrap(err)
	}
	if err := filesum.Put(footer, p.sum); err != nil {
		return p.wrap(err)
	}
	if _, err := p.out.Write(footer); err != nil {
		return p.wrap(err)
	}
	return p.wrap(p.out.to.Flush())
}

func (p *Part) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", p.info.Name, err)
	}
	return nil
}

// Commit ends the file, reads it back, and renames it to its name if it says what was written. On error the file
// that was there before stays.
func (p *Part) Commit() (PartInfo, error) {
	if p.err == nil {
		p.err = p.close()
	}
	if p.err != nil {
		return PartInfo{}, errors.Join(p.err, p.Abort())
	}
	p.info.Rows = p.info.Counts.Rows
	p.info.Bytes = p.out.offset
	p.info.SHA256, p.info.checked = hex.EncodeToString(p.sum.Sum(nil)), true
	if p.err = p.file.Commit(p.check); p.err != nil {
		return PartInfo{}, p.err
	}
	p.err = errors.New("output: the part is committed")
	return p.info, nil
}

// Abort removes what was written of the part. It does nothing after Commit.
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
