package output

import (
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
