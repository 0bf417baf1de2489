package output

import (
	"iter"
	"net/netip"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/codes"
)

// A RecordRow is the columns of a row that are about the record.
type RecordRow struct {
	Domain     string    `parquet:"domain"`
	Rank       int64     `parquet:"rank"`
	Record     string    `parquet:"record"`
	TXT        [][]byte  `parquet:"txt,optional,list"`
	TXTCount   *int32    `parquet:"txt_count,optional"` // may be NULL where TXT is NULL
	RecordID   string    `parquet:"record_id,optional"` // likewise
	Resolver   string    `parquet:"resolver,optional"`
	ObservedAt time.Time `parquet:"observed_at,timestamp(microsecond)"`
}

// Records yields the rows of part k that are wanted, each a new one. An error ends the sequence: it names the file.
func (d *Dataset) Records(k int, wanted func(domain string, class codes.Record) bool) iter.Seq2[*RecordRow, error] {
	return func(yield func(*RecordRow, error) bool) {
		give := func(r *RecordRow) error {
			if wanted(r.Domain, codes.Record(r.Record)) && !yield(r, nil) {
				return errStop
			}
			return nil
		}
		err := d.eachGroup(k, func(group parquet.RowGroup, meta format.RowGroup) error {
			if hasAny(meta, "txt") {
				return eachRow(group, give)
			}
			rows, err := plainRecords(group, wanted)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return errStop
				}
			}
			return nil
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// plainRecords reads the wanted rows of a row group without TXT records, column by column. One row in a hundred may
// be wanted, and to make rows of all takes twenty times as long.
func plainRecords(group parquet.RowGroup, wanted func(domain string, class codes.Record) bool) ([]*RecordRow, error) {
	words := make(map[string]codes.Record)
	for _, class := range codes.Records() {
		words[string(class)] = class
	}
	numbers := allRows(group)
	classes := make([]codes.Record, len(numbers))
	err := collectColumn(group, "record", numbers, func(i int, v parquet.Value) {
		classes[i] = words[string(v.ByteArray())]
	})
	if err != nil {
		return nil, err
	}
	var rows []*RecordRow
	var chosen []int64
	err = collectColumn(group, "domain", numbers, func(i int, v parquet.Value) {
		if domain := string(v.ByteArray()); wanted(domain, classes[i]) {
			rows = append(rows, &RecordRow{Domain: domain, Record: string(classes[i])})
			chosen = append(chosen, int64(i))
		}
	})
	for _, column := range []struct {
		name string
		set  func(*RecordRow, parquet.Value)
	}{
		{"rank", func(r *RecordRow, v parquet.Value) { r.Rank = v.Int64() }},
		{"resolver", func(r *RecordRow, v parquet.Value) { r.Resolver = string(v.ByteArray()) }},
		{"observed_at", func(r *RecordRow, v parquet.Value) { r.ObservedAt = time.UnixMicro(v.Int64()).UTC() }},
	} {
		if err == nil {
			err = collectColumn(group, column.name, chosen, func(i int, v parquet.Value) { column.set(rows[i], v) })
		}
	}
	return rows, err
}

// Served yields the addresses at which Policy Hosts of part k showed a certificate, one for each such row. It reads
// no row group without any. An error ends the sequence: it names the file.
func (d *Dataset) Served(k int) iter.Seq2[netip.Addr, error] {
	shown := Condition{Column: "cert_sha256", Match: func([]byte) bool { return true }}
	return func(yield func(netip.Addr, error) bool) {
		for r, err := range (Selection{Columns: []string{"addr"}, Only: []Condition{shown}}).Part(d.path(k)) {
			var addr netip.Addr
			if err == nil {
				addr, _ = netip.ParseAddr(r.Addr)
			}
			if (err != nil || addr.IsValid()) && !yield(addr, err) {
				return
			}
		}
	}
}
