package output

import (
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/filesum"
)

// fullRows are the rows of a part that are no denials. The Parquet library writes them, to row groups of their own.
type fullRows struct {
	writer *parquet.GenericWriter[Row]
	out    *innerWriter
	starts []int64 // where each row group begins in the file
	rows   int64   // in the row group
	octets int     // of the rows in the row group

	maxRows   int64 // in a row group
	maxOctets int   // of evidence in a row group

	batch  []Row  // waits for more rows with the same columns NULL
	absent uint64 // the columns that are NULL in each of them
}

func newFullRows(to *fileWriter, l *layout, page int, maxRows int64, maxOctets int) *fullRows {
	f := &fullRows{
		out:     &innerWriter{to: to, skip: len(filesum.Magic)},
		maxRows: maxRows, maxOctets: maxOctets, batch: make([]Row, 0, rowsPerWrite),
	}
	f.writer = parquet.NewGenericWriter[Row](f.out,
		parquet.PageBufferSize(page),
		parquet.WriteBufferSize(0), // fileWriter has one
		parquet.Compression(&l.codec),
		parquet.BloomFilters(parquet.SplitBlockFilter(bloomBits, "domain")),
		// The header of each page would have its bounds four times, uncompressed, and the footer those of each
		// column. Bounds of raw octets take more space than the octets, and help no reader.
		parquet.DataPageStatistics(false),
		parquet.SkipPageBounds("policy_text"),
		parquet.SkipPageBounds("txt", "list", "element"),
		parquet.SkipPageBounds("tlsrpt_txt", "list", "element"),
	)
	return f
}

// add adds r to the batch that the library gets next.
//
// All rows of a batch have the same columns NULL, because the library (v0.32.0) gets mixed ones wrong: its
// writeRowsFuncOfOptional compares the rest of a bitmap with the wrong mask. Of the rows NULL, "x", NULL it writes
// the third as an empty text.
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
	if f.octets += r.Octets(); f.rows < f.maxRows && f.octets < f.maxOctets {
		return nil
	}
	return f.end()
}

// countedWords is what [Counts] counts of r, in memory of its own: a map keeps the key that it was given last, and
// with it the buffer of the caller.
func countedWords(r *Row) *Row {
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

// flush gives the batch to the library.
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

// close gives the row groups, with offsets in our file. The library's own footer and its indexes of pages are left
// out.
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
