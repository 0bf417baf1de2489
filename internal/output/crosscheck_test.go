package output

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"stsscan/internal/codes"
)

// The sample is the same for everybody: who has a SHA-256 can tell it. A larger
// share has all the domains of a smaller one.
func TestSampled(t *testing.T) {
	in := make(map[float64]int)
	for i := range 100_000 {
		domain := fmt.Sprintf("name%d.example.com", i)
		sum := sha256.Sum256([]byte(domain))
		if want := hex.EncodeToString(sum[:4]) < "028f5c29"; Sampled(domain, 0.01) != want {
			t.Fatalf("%s: sampled is not %v", domain, want)
		}
		for _, share := range []float64{0, 0.01, 0.1, 1} {
			if Sampled(domain, share) {
				in[share]++
			}
		}
		if Sampled(domain, 0.01) && !Sampled(domain, 0.1) {
			t.Errorf("%s is in the smaller share only", domain)
		}
	}
	if in[0] != 0 || in[1] != 100_000 || in[0.01] < 900 || in[0.01] > 1100 || in[0.1] < 9700 || in[0.1] > 10_300 {
		t.Errorf("shares of 100,000: %v", in)
	}
}

// Records are those of the rows, whichever way a row group is read.
func TestRecords(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	d.maxRows = 40
	p, err := d.Create(0, 1, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[int64]*RecordRow)
	for rank := int64(1); rank <= 1000; rank++ {
		domain := fmt.Sprintf("name%d.example.com", rank)
		row := negative(domain, rank)
		switch {
		case rank%9 == 0:
			row = least(domain, rank)
		case rank%101 == 0:
			row = every(domain, rank)
		case rank%103 == 0:
			row.CNAMEs = []string{"example.net"} // a full row that has no TXT record
		}
		if err := p.Write([]Row{*row}); err != nil {
			t.Fatal(err)
		}
		if Sampled(domain, 0.3) && row.Record != "unknown" {
			want[rank] = &RecordRow{
				Domain: domain, Rank: rank, Record: row.Record, TXT: row.TXT, RecordID: row.RecordID,
				Resolver: row.Resolver, ObservedAt: row.ObservedAt,
			}
			if row.TXT != nil {
				want[rank].TXTCount = row.TXTCount
			}
		}
	}
	if _, err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	wanted := func(domain string, class codes.Record) bool {
		return class != codes.RecordUnknown && Sampled(domain, 0.3)
	}
	got := make(map[int64]*RecordRow)
	for row, err := range d.Records(0, wanted) {
		if err != nil {
			t.Fatal(err)
		}
		if row.TXT == nil {
			row.TXTCount = nil
		}
		got[row.Rank] = row
	}
	if len(want) < 100 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
		for rank, row := range want {
			if !reflect.DeepEqual(got[rank], row) {
				t.Fatalf("%+v, want %+v", got[rank], row)
			}
		}
	}
	for range d.Records(0, wanted) {
		break
	}
	for _, err := range d.Records(1, wanted) {
		if err == nil {
			t.Error("a part that is not there has rows")
		}
	}
}

// Disagreements come back as they were, by rank, and what strangers wrote is
// safe to look at.
func TestDisagreements(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	list := []Disagreement{
		{Domain: "b.example.com", Rank: 7, Kind: CrossTXT, Record: "valid", TXT: []RawText{[]byte("v=STSv1; id=1;\x1b\u202e")}, CrossRecord: "valid",
			CrossTXT: []RawText{{0xff, 0}, []byte("<&>")}, ObservedAt: at(), CrossAt: at()},
		{Domain: "a.example.com", Rank: 3, Kind: CrossFound, Record: "absent", TXT: []RawText{}, CrossRecord: "multiple", CrossTXT: []RawText{}},
	}
	var c CrossCheck
	if err := d.WriteDisagreements(&c, &Shard{Index: 1, Of: 2}, slices.Clone(list)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(d.dir, "crosscheck-1-of-2.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if c.SHA256 != hex.EncodeToString(sum[:]) || c.Listed != 2 || c.File != "crosscheck-1-of-2.jsonl" {
		t.Errorf("noted %+v", c)
	}
	for _, r := range string(text) {
		if r > '~' || r < ' ' && r != '\n' {
			t.Errorf("%U is in the file", r)
		}
	}
	slices.Reverse(list)
	if got, err := ReadDisagreements(text); err != nil || !reflect.DeepEqual(got, list) {
		t.Errorf("%v\n%+v, want\n%+v", err, got, list)
	}
	if _, err := ReadDisagreements(append(text, "{\n"...)); err == nil {
		t.Error("a line that is none was read")
	}
}
