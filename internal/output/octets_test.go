package output

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Whatever column strangers fill, the size of a row says so: row groups and
// batches of rows are bounded by it.
func TestOctets(t *testing.T) {
	const size = 100
	large := strings.Repeat("x", size)
	empty := new(Row).Octets()
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		r := new(Row)
		field := reflect.ValueOf(r).Elem().Field(i)
		want := 10 * size
		switch into := field.Addr().Interface().(type) {
		case *string:
			*into, want = large, size
		case *[]byte:
			*into, want = []byte(large), size
		case *[]string:
			*into = slices.Repeat([]string{large}, 10)
		case *[][]byte:
			*into = slices.Repeat([][]byte{[]byte(large)}, 10)
		case *[]int32:
			*into, want = make([]int32, size), size
		case *[]MXHost:
			*into = slices.Repeat([]MXHost{{Host: large, TLSError: &large}}, 10)
			want *= 2
		case *map[string]string:
			*into, want = map[string]string{large: large}, 2*size
		default:
			continue // of a fixed size
		}
		if got := r.Octets() - empty; got < want {
			t.Errorf("%s: %d octets, and it holds %d", row.Field(i).Name, got, want)
		}
	}
	if many := (&Row{MXPatterns: make([]string, 10_000)}).Octets(); many < 10_000 {
		t.Errorf("10,000 elements count as %d octets", many)
	}
}

// A denial takes few octets of a file, all columns, filters and the footer included: the names beside the domain are
// a count of labels each.
func TestOctetsOfDenials(t *testing.T) {
	for order, most := range map[string]float64{"sorted": 11.5, "shuffled": 14} {
		const rows = 2 * rowsPerGroup
		d := open(t, t.TempDir(), identity())
		size := benchPart(t, d, benchNames(rows, order == "sorted"), rows, 1024, math.MaxInt)
		if each := float64(size) / rows; each > most {
			t.Errorf("%s: %.2f octets a row, want %g at most", order, each, most)
		}
		octets := make(map[string]int64)
		f, err := os.Open(filepath.Join(d.dir, PartName(0)))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		file, _, err := openPart(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Metadata().RowGroups {
			for _, column := range group.Columns {
				octets[column.MetaData.PathInSchema[0]] += column.MetaData.TotalCompressedSize
			}
		}
		for column, most := range map[string]float64{"registered_labels": 0.01, "zone_labels": 0.3, "zone": 0.01} {
			if each := float64(octets[column]) / rows; each > most || each == 0 {
				t.Errorf("%s: %s has %.3f octets a row, want %g at most", order, column, each, most)
			}
		}
	}
}
