package output

import (
	"errors"
	"fmt"
	"io"
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
	classes := make([]codes.Record, 0, group.NumRows())
	err := eachValue(group, "record", func(v parquet.Value) { classes = append(classes, words[string(v.ByteArray())]) })
	if err != nil {
		return nil, err
	}
	var rows []*RecordRow
	place := make([]int32, len(classes)) // of each row in rows, from 1; 0: not wanted
	at := 0
	err = eachValue(group, "domain", func(v parquet.Value) {
		if domain := string(v.ByteArray()); at < len(classes) && wanted(domain, classes[at]) {
			rows = append(rows, &RecordRow{Domain: domain, Record: string(classes[at])})
			place[at] = int32(len(rows))
		}
		at++
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, column := range []struct {
		name string
		set  func(*RecordRow, parquet.Value)
	}{
		{"rank", func(r *RecordRow, v parquet.Value) { r.Rank = v.Int64() }},
		{"resolver", func(r *RecordRow, v parquet.Value) { r.Resolver = string(v.ByteArray()) }},
		{"observed_at", func(r *RecordRow, v parquet.Value) { r.ObservedAt = time.UnixMicro(v.Int64()).UTC() }},
	} {
		at := 0
		err := eachValue(group, column.name, func(v parquet.Value) {
			if at < len(place) && place[at] > 0 && !v.IsNull() {
				column.set(rows[place[at]-1], v)
			}
			at++
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// eachValue gives do the values of a column that is no list. It must not keep them.
func eachValue(group parquet.RowGroup, name string, do func(parquet.Value)) error {
	err := catchPanic(func() error {
		leaf, ok := group.Schema().Lookup(name)
		if !ok {
			return errors.New("there is no such column")
		}
		pages := group.ColumnChunks()[leaf.ColumnIndex].Pages()
		defer pages.Close()
		var values [1024]parquet.Value
		for {
			page, err := pages.ReadPage()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			from := page.Values()
			for more := true; more; {
				n, err := from.ReadValues(values[:])
				for _, v := range values[:n] {
					do(v)
				}
				if more = err == nil; err != nil && !errors.Is(err, io.EOF) {
					return err
				}
			}
			parquet.Release(page)
		}
	})
	if err != nil {
		return fmt.Errorf("%w: column %s: %w", ErrDamaged, name, err)
	}
	return nil
}

// Served yields the addresses at which Policy Hosts of part k showed a certificate, one for each such row. It reads
// no row group without any. An error ends the sequence: it names the file.
func (d *Dataset) Served(k int) iter.Seq2[netip.Addr, error] {
	type seen struct {
		Addr string `parquet:"addr,optional"`
		Cert string `parquet:"cert_sha256,optional"`
	}
	return func(yield func(netip.Addr, error) bool) {
		give := func(r *seen) error {
			addr, err := netip.ParseAddr(r.Addr)
			if r.Cert != "" && err == nil && !yield(addr, nil) {
				return errStop
			}
			return nil
		}
		err := d.eachGroup(k, func(group parquet.RowGroup, meta format.RowGroup) error {
			if !hasAny(meta, "cert_sha256") {
				return nil
			}
			return eachRow(group, give)
		})
		if err != nil {
			yield(netip.Addr{}, err)
		}
	}
}
