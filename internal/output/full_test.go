package output

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Every pattern of NULL and not NULL over seven rows, alone and followed by
// sixty rows that are NULL, comes back as it was.
func TestPatternsOfNull(t *testing.T) {
	t.Run("denial", func(t *testing.T) { patternsOfNull(t, least) })
	t.Run("full", func(t *testing.T) {
		patternsOfNull(t, func(domain string, rank int64) *Row {
			r := least(domain, rank)
			r.Server = "nginx"
			return r
		})
	})
}

func patternsOfNull(t *testing.T, shape func(string, int64) *Row) {
	d := open(t, t.TempDir(), identity())
	p, err := d.Create(0, 1, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for pattern := range 1 << 7 {
		var batch []*Row
		for i := range 7 + pattern%2*60 {
			r := shape("example.com", int64(len(want)+1))
			if i < 7 && pattern>>i&1 == 1 {
				r.Zone = "com"
			}
			batch = append(batch, r)
			want = append(want, r.Zone)
		}
		if err := p.Write(values(batch...)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Rank int64   `parquet:"rank"`
		Zone *string `parquet:"zone,optional"` // NULL is nil, and empty is not
	}
	seen := 0
	rows := readPart(filepath.Join(d.dir, info.Name), func(file *parquet.File, info PartInfo, do func(*row) bool) error {
		return readFile(file, info, do)
	})
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		want := want[r.Rank-1]
		if got := r.Zone; (got == nil) != (want == "") || got != nil && *got != want {
			t.Fatalf("rank %d: %v, want %q", r.Rank, got, want)
		}
		seen++
	}
	if seen != len(want) {
		t.Errorf("%d rows, want %d", seen, len(want))
	}
}

// Rows full of evidence end row groups early, so that what is held in memory
// does not depend on what strangers serve, and stand in the file once; earlier still
// where many parts share the memory.
func TestLargeEvidence(t *testing.T) {
	for limit, groups := range map[int]int{0: 2, 8 << 20: 5, 2 * octetsPerGroup: 2} {
		testLargeEvidence(t, limit, groups)
	}
}

// testLargeEvidence limits row groups to so many octets, 0 to none but their
// own, and wants so many of them.
func testLargeEvidence(t *testing.T, limit, groups int) {
	t.Helper()
	dir := t.TempDir()
	dataset, err := Open(dir, Identity{Input: "x"})
	if err != nil {
		t.Fatal(err)
	}
	const rows = octetsPerGroup/((64+2*16)<<10) + 10
	part, err := dataset.Create(0, 1, rows)
	if err != nil {
		t.Fatal(err)
	}
	most := octetsPerGroup
	if limit > 0 {
		part.LimitGroups(limit)
		most = min(limit, most)
	}
	body := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{})
	for i := range rows {
		random.Read(body)
		row := &Row{
			Domain: fmt.Sprintf("d%d.example.com", i), Rank: int64(i + 1), List: "l", TLD: "com", Record: "valid",
			Policy: "valid", PolicyText: body, TXT: [][]byte{body[:16<<10]}, TLSRPTTXT: [][]byte{body[:16<<10]}, ObservedAt: time.Unix(0, 0).UTC(), Pass: 1,
		}
		if err := part.Write(values(row)); err != nil {
			t.Fatal(err)
		}
		if part.full.octets >= most {
			t.Fatalf("%d octets in a row group", part.full.octets)
		}
	}
	info, err := part.Commit()
	if err != nil || info.Rows != rows {
		t.Fatalf("%d rows, %v", info.Rows, err)
	}
	if evidence := int64(rows * (64 + 2*16) << 10); info.Bytes > evidence+evidence/20 {
		t.Errorf("%d octets of evidence take %d in the file", evidence, info.Bytes)
	}
	f, err := os.Open(filepath.Join(dir, info.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, _, err := openPart(f)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(file.RowGroups()); got != groups {
		t.Errorf("%d row groups with a limit of %d octets, want %d", got, limit, groups)
	}
}
