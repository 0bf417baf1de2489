package output

import (
	"iter"
	"net/netip"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

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
