package output

import (
	"errors"
	"iter"
	"net/netip"
	"os"

	"github.com/parquet-go/parquet-go"
)

// Served yields the addresses at which Policy Hosts of part k showed a certificate, one for each such
// row. It reads no row group without any. An error ends the sequence: it names the file.
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
		err := d.withPart(k, func(_ *os.File, file *parquet.File, _ PartInfo) error {
			for i, group := range file.RowGroups() {
				if !hasAny(file.Metadata().RowGroups[i], "cert_sha256") {
					continue
				}
				if err := eachRow(group, give); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(netip.Addr{}, err)
		}
	}
}
