package output

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

// The addresses are those of rows with a certificate, in whatever row group they are.
func TestServed(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	d.maxRows = 10
	var rows []*Row
	var want []netip.Addr
	for rank := range int64(100) {
		name := fmt.Sprintf("name%d.example.com", rank+1)
		row := valid(name, rank+1)
		switch {
		case rank%3 == 0:
			row = negative(name, rank+1)
		case rank < 50 || rank%3 == 1: // it did not come to a certificate
			row.Addr, row.CertSHA256 = "192.0.2.200", ""
		default:
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(rank)})
			row.Addr = addr.String()
			want = append(want, addr)
		}
		rows = append(rows, row)
	}
	write(t, d, 4, rows...)
	var got []netip.Addr
	for addr, err := range d.Served(4) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, addr)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for range d.Served(4) {
		break // which is no error
	}
	for _, err := range d.Served(5) {
		if err == nil {
			t.Error("a part that is not there has addresses")
		}
	}
}
