package domains

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// The names of a part do not depend on how many are read at a time.
func TestChunkReader(t *testing.T) {
	const n = 5000
	list := writeList(t, "list", "no name\n"+noise(n))
	p, err := Prepare(t.Context(), PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, PartSize: 1 << 13,
		Disk: quick()})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(noise(n))
	c, err := p.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for ; c.nextBlock() == nil; blocks++ {
		if len(c.text) > 32<<10 {
			t.Errorf("a block has %d octets of names", len(c.text))
		}
	}
	if err := c.Close(); err != nil || blocks != 4 {
		t.Errorf("%d blocks, %v", blocks, err)
	}
	for _, size := range []int{1, 7, 256, n, 2 * n} {
		c, err := p.Open(0)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Next(nil); got != 0 || err != nil {
			t.Errorf("room for none: %d names, %v", got, err)
		}
		var got []string
		into := make([]Name, size)
		for {
			k, err := c.Next(into)
			if err == io.EOF && k == 0 {
				break
			}
			if err != nil || k == 0 {
				t.Fatalf("%d names, %v", k, err)
			}
			for _, name := range into[:k] {
				if name.Rank != int64(len(got)+2) || name.List != list || name.Tags != nil {
					t.Fatalf("name %d: %+v", len(got), name)
				}
				got = append(got, name.Domain)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d at a time: other names", size)
		}
		if k, err := c.Next(into); k != 0 || err != io.EOF {
			t.Errorf("after the end: %d names, %v", k, err)
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	}
	if c, err = p.Open(0); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(make([]Name, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
