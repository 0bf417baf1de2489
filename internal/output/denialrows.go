package output

import (
	"io"

	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/parquetcol"
)

// denialRows are the denials of a part: a row group of them at a time, encoded by parquetcol.
type denialRows struct {
	group *parquetcol.RowGroup
	rows  int // in the row group
	page  int // rows in the page that has not ended

	domain, zone                                                         parquetcol.TextColumn
	registered                                                           parquetcol.CopyColumn
	list, tld, record, reason, failure, rcode, resolver, policy, verdict parquetcol.DictColumn
	rank, listRank, txtCount, attempts, lookup, observed, pass           parquetcol.IntColumn
	authenticated, tcp                                                   parquetcol.BoolColumn
	ede                                                                  parquetcol.IntListColumn
}

// denialRows takes over the memory of a part that is done, or makes its own.
func (l *layout) denialRows() (*denialRows, error) {
	if rows, ok := l.spare.Get().(*denialRows); ok {
		return rows, nil
	}
	d := new(denialRows)
	d.domain.FilterBits = bloomBits
	d.registered.Of = &d.domain
	var err error
	d.group, err = l.columns.NewRowGroup(d.columns(), &d.rank)
	return d, err
}

// columns are those that a denial has; the others are NULL.
func (d *denialRows) columns() map[string]parquetcol.Column {
	return map[string]parquetcol.Column{
		"domain": &d.domain, "rank": &d.rank, "list": &d.list, "list_rank": &d.listRank, "tld": &d.tld,
		"registered_domain": &d.registered, "record": &d.record, "record_reason": &d.reason, "error": &d.failure,
		"txt_count": &d.txtCount, "zone": &d.zone, "rcode": &d.rcode, "authenticated": &d.authenticated, "ede": &d.ede,
		"resolver": &d.resolver, "attempts": &d.attempts, "lookup_ms": &d.lookup, "tcp": &d.tcp, "policy": &d.policy,
		"observed_at": &d.observed, "pass": &d.pass, "verdict": &d.verdict,
	}
}

// add reports whether all texts of the row are valid UTF-8.
func (d *denialRows) add(r *Denial) bool {
	ok := d.domain.Add(r.Domain)
	d.rank.Add(r.Rank)
	ok = d.list.Add(r.List) && ok
	addOptional(&d.listRank, r.ListRank)
	ok = d.tld.Add(r.TLD) && ok
	ok = d.registered.Add(r.RegisteredDomain, r.Domain) && ok
	ok = d.record.Add(r.Record) && ok
	ok = d.reason.Add(r.RecordReason) && ok
	ok = d.failure.Add(r.Error) && ok
	addOptional(&d.txtCount, r.TXTCount)
	ok = d.zone.Add(r.Zone) && ok
	ok = d.rcode.Add(r.Rcode) && ok
	d.authenticated.Add(r.Authenticated)
	d.ede.Add(r.EDE)
	ok = d.resolver.Add(r.Resolver) && ok
	d.attempts.Add(int64(r.Attempts))
	d.lookup.Add(int64(r.LookupMS))
	d.tcp.Add(&r.TCP)
	ok = d.policy.Add(r.Policy) && ok
	ok = d.verdict.Add(r.Verdict) && ok
	d.observed.Add(r.ObservedAt.UnixMicro())
	d.pass.Add(int64(r.Pass))
	d.rows++
	d.page++
	return ok
}

func addOptional[T int32 | int64](c *parquetcol.IntColumn, v *T) {
	if v == nil {
		c.AddNull()
	} else {
		c.Add(int64(*v))
	}
}

// endPage ends the page of every column, if it has rows.
func (d *denialRows) endPage() error {
	if d.page == 0 {
		return nil
	}
	err := d.group.EndPage(d.page)
	d.page = 0
	return err
}

// end writes the row group to w, which is at offset in the file, and begins another. Its rows are counted in counts.
func (d *denialRows) end(w io.Writer, offset int64, counts *Counts) (group format.RowGroup, err error) {
	if err := d.endPage(); err != nil {
		return group, err
	}
	if group, err = d.group.Write(w, offset); err != nil {
		return group, err
	}
	d.count(counts)
	d.group.Reset()
	d.rows = 0
	return group, nil
}

// count counts the rows of the row group by their dictionaries. The other columns that [Counts] has are NULL in a
// denial.
func (d *denialRows) count(counts *Counts) {
	counts.Rows += int64(d.rows)
	tally(&counts.Record, &d.record)
	tally(&counts.RecordReason, &d.reason)
	tally(&counts.Error, &d.failure)
	tally(&counts.Policy, &d.policy)
	tally(&counts.Verdict, &d.verdict)
	tally(&counts.Resolver, &d.resolver)
}

func tally[W ~string](counts *map[W]int64, c *parquetcol.DictColumn) {
	for word, n := range c.Counts() {
		add(counts, W(word), n)
	}
}
