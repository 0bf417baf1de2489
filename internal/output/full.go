package output

import (
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// fullRows are the rows of a part that are no denials, written by the Parquet
// library to row groups of their own.
type fullRows struct {
	writer *parquet.GenericWriter[Row]
	out    *splice
	starts []int64 // where each row group begins in the file
	rows   int64   // in the row group
	octets int     // of the rows in the row group
	most   int64   // rows in a row group
	limit  int     // octets of evidence in a row group
	batch  []Row   // waits for more of its kind
	absent uint64  // columns that are NULL in each row of batch
}

func newFullRows(to *sink, l *layout, page int, most int64, limit int) *fullRows {
	f := &fullRows{out: &splice{to: to, skip: len(magic)}, most: most, limit: limit, batch: make([]Row, 0, rowsPerWrite)}
	f.writer = parquet.NewGenericWriter[Row](f.out,
		parquet.PageBufferSize(page),
		parquet.WriteBufferSize(0), // sink has one
		parquet.Compression(&l.codec),
		parquet.BloomFilters(parquet.SplitBlockFilter(bloomBits, "domain")),
		// The header of each page would have its bounds four times, uncompressed,
		// and the footer those of each column: of raw octets, that is more than
		// what they are about, and tells no reader anything.
		parquet.DataPageStatistics(false),
		parquet.SkipPageBounds("policy_text"),
		parquet.SkipPageBounds("txt", "list", "element"),
		parquet.SkipPageBounds("tlsrpt_txt", "list", "element"),
	)
	return f
}

// A splice is the library's file as it goes into ours: without its beginning,
// and, once closed, without its end.
type splice struct {
	to     *sink
	skip   int
	closed bool
}

func (s *splice) Write(b []byte) (int, error) {
	n := min(s.skip, len(b))
	s.skip -= n
	if s.closed {
		return len(b), nil
	}
	written, err := s.to.Write(b[n:])
	return n + written, err
}

// add puts r with the rows that go to the library next.
//
// They all have the same columns NULL: in a mixed batch the library (v0.32.0)
// can take rows for the opposite of what they are. Its writeRowsFuncOfOptional
// compares the rest of a bitmap with the wrong mask, and of the rows NULL, "x",
// NULL the third is then written as an empty text.
func (f *fullRows) add(r *Row) error {
	set := absent(r)
	if len(f.batch) == cap(f.batch) || len(f.batch) > 0 && set != f.absent {
		if err := f.flush(); err != nil {
			return err
		}
	}
	f.absent = set
	f.batch = append(f.batch, *r)
	f.rows++
	if f.octets += r.Octets(); f.rows < f.most && f.octets < f.limit {
		return nil
	}
	return f.end()
}

// ownWords is what [Counts] counts of r, in memory of its own: of two equal keys a
// map keeps the one that it was given last.
func ownWords(r *Row) *Row {
	own := &Row{
		Record: strings.Clone(r.Record), RecordReason: strings.Clone(r.RecordReason), Error: strings.Clone(r.Error),
		Policy: strings.Clone(r.Policy), PolicyStage: strings.Clone(r.PolicyStage), PolicyReason: strings.Clone(r.PolicyReason),
		TLSError: strings.Clone(r.TLSError), Mode: strings.Clone(r.Mode), MXMatch: strings.Clone(r.MXMatch),
		Mismatch: strings.Clone(r.Mismatch), Verdict: strings.Clone(r.Verdict), Resolver: strings.Clone(r.Resolver), Pending: strings.Clone(r.Pending),
	}
	for _, finding := range r.Findings {
		own.Findings = append(own.Findings, strings.Clone(finding))
	}
	return own
}

// flush gives the batch to the library and forgets it.
func (f *fullRows) flush() error {
	_, err := f.writer.Write(f.batch)
	clear(f.batch)
	f.batch = f.batch[:0]
	return err
}

// end writes the row group and begins another.
func (f *fullRows) end() error {
	if err := f.flush(); err != nil || f.rows == 0 {
		return err
	}
	f.starts = append(f.starts, f.out.to.offset)
	f.rows, f.octets = 0, 0
	return f.writer.Flush()
}

// close gives the row groups, their places being those in our file. The
// library's own footer and its indexes of pages are left out.
func (f *fullRows) close() ([]format.RowGroup, error) {
	if err := f.end(); err != nil {
		return nil, err
	}
	f.out.closed = true
	if err := f.writer.Close(); err != nil {
		return nil, err
	}
	groups := f.writer.File().Metadata().RowGroups
	for i := range groups {
		for k := range groups[i].Columns {
			c := &groups[i].Columns[k]
			c.OffsetIndexOffset, c.OffsetIndexLength, c.ColumnIndexOffset, c.ColumnIndexLength = 0, 0, 0, 0
		}
		shift(&groups[i], f.starts[i]-groups[i].FileOffset)
	}
	return groups, nil
}
