package output

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func openLog(t *testing.T, d *Dataset, k int, base string) *SurveyLog {
	t.Helper()
	l, err := d.Log(k, base, at().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A row with all that strangers may fill, of octets that JSON writes as six, is found
// again, and so is what stands behind it.
func TestSurveyLogOfALargeRow(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	l := openLog(t, d, 3, "")
	many := func(n, size int) []string { return slices.Repeat([]string{strings.Repeat("<", size)}, n) }
	large := every("a.example.com", 1)
	large.PolicyText, large.TXT = make([]byte, 64<<10), [][]byte{make([]byte, 16<<10)}
	large.PolicyExtensions, large.Extensions = many(128, 512), many(128, 512) // a policy, and a record, of 64 KiB
	large.TLSARecords, large.RUA, large.TLSRPTTXT = many(8*16, 255+1035), many(16, 512), large.TXT
	large.CNAMEs, large.HostCNAMEs, large.TLSRPTCNAMEs = many(16, 512), many(16, 512), many(16, 512)
	large.MX = slices.Repeat([]MXHost{{Host: strings.Repeat("<", 512)}}, 32)
	rows := []*Row{large, least("b.example.com", 2)}
	for _, row := range rows {
		if err := l.Done(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, d, 3, "")
	for _, want := range rows {
		if got, err := l.Found(want.Rank, want.Domain); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is not found: %v", want.Domain, err)
		}
	}
}

// What was logged is found by the next process, as it was, and what was begun
// and not logged is known to be lost.
func TestSurveyLog(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	l := openLog(t, d, 3, "")
	rows := []*Row{
		every("a.example.com", 1), hollow("b.example.com", 2), least("c.example.com", 3), negative("d.example.com", 4),
	}
	for _, row := range rows {
		if err := l.Begin(row.Rank, at()); err != nil {
			t.Fatal(err)
		}
		if err := l.Done(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Begin(5, at().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	l = openLog(t, d, 3, "")
	for _, want := range rows {
		got, err := l.Found(want.Rank, want.Domain)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", want.Domain, got, err, want)
		}
		if _, lost := l.Lost(want.Rank); lost {
			t.Errorf("%s is lost", want.Domain)
		}
	}
	if got, err := l.Found(1, "another.example.com"); got != nil || err != nil {
		t.Errorf("another name: %v, %v", got, err)
	}
	if when, lost := l.Lost(5); !lost || !when.Equal(at().Add(time.Second)) {
		t.Errorf("begun and not done: %v, %v", when, lost)
	}
	if err := l.Remove(); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, d.dir)
	if err := d.RemoveLog(3); err != nil {
		t.Errorf("no log to remove: %v", err)
	}
}

// The log of another run, part or file says nothing.
func TestSurveyLogOfAnother(t *testing.T) {
	id := identity()
	id.Input = "another"
	for name, other := range map[string]func(d *Dataset) *SurveyLog{
		"base": func(d *Dataset) *SurveyLog { return openLog(t, d, 0, "ab") },
		"run":  func(d *Dataset) *SurveyLog { return openLog(t, open(t, d.dir, id), 0, "") },
	} {
		d := open(t, t.TempDir(), identity())
		l := openLog(t, d, 0, "")
		if err := l.Done(every("a.example.com", 1)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := other(d).Found(1, "a.example.com"); got != nil || err != nil {
			t.Errorf("another %s: %v, %v", name, got, err)
		}
	}
}

// A log that was cut or changed anywhere holds the entries before, and can be
// written on. All other names count as asked then, unless the log was cut between
// two entries, which nothing tells.
func TestSurveyLogDamaged(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	l := openLog(t, d, 0, "")
	ends := []int64{l.size}
	for rank := int64(1); rank <= 3; rank++ {
		if err := l.Done(least("a.example.com", rank)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, l.size)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(d.logPath(0))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(good); n += 5 {
		for _, data := range [][]byte{good[:n], flipped(good, n)} {
			if err := os.WriteFile(d.logPath(0), data, 0o644); err != nil {
				t.Fatal(err)
			}
			l := openLog(t, d, 0, "")
			want, cut := -1, true
			for _, end := range ends {
				if int64(n) >= end {
					want++
				}
				cut = cut && (int64(n) != end || len(data) == len(good))
			}
			want = max(want, 0)
			if len(l.rows) != want || l.Damaged() != cut {
				t.Fatalf("damaged at %d: %d entries, want %d; known %v, want %v", n, len(l.rows), want, l.Damaged(), cut)
			}
			if when, lost := l.Lost(7); lost != cut || cut && !when.Equal(at().Add(time.Hour)) {
				t.Fatalf("damaged at %d: what may have been asked: %v, %v", n, when, lost)
			}
			if err := l.Done(least("b.example.com", 9)); err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if l = openLog(t, d, 0, ""); len(l.rows) != want+1 {
				t.Fatalf("damaged at %d: %d entries after one more, want %d", n, len(l.rows), want+1)
			}
			_ = l.Close()
		}
	}
}

// The note that a part is lost outlives the process, and is not made later by
// another one; what a name has an entry of counts more if it is later.
func TestSurveyLogLost(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	for i := range 2 {
		if err := d.LogLost(0, at().Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	l := openLog(t, d, 0, "")
	for rank, then := range map[int64]time.Duration{1: -time.Second, 2: time.Second} {
		if err := l.Begin(rank, at().Add(then)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, d, 0, "")
	for rank, want := range map[int64]time.Duration{1: 0, 2: time.Second, 3: 0} {
		if when, lost := l.Lost(rank); !lost || !when.Equal(at().Add(want)) {
			t.Errorf("rank %d: %v, %v", rank, when, lost)
		}
	}
}

// A log that is taken over from another machine keeps its rows, and what is not in it counts as asked until now. The
// process that had it open writes to no file of the run any more.
func TestLogTakenOver(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	base := strings.Repeat("ab", 32)
	before := openLog(t, d, 0, base)
	row := every("a.example.com", 1)
	if err := before.Done(row); err != nil {
		t.Fatal(err)
	}
	if err := before.Begin(2, at()); err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // the later one counts
		if err := d.LogTakenOver(0, base, at().Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := os.ReadFile(d.logPath(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := before.Done(every("b.example.com", 2)); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(d.logPath(0)); err != nil || !bytes.Equal(now, taken) {
		t.Errorf("the log has changed: %v", err)
	}
	l := openLog(t, d, 0, base)
	if got, err := l.Found(1, row.Domain); err != nil || !reflect.DeepEqual(got, row) || l.Damaged() {
		t.Errorf("%+v, %v, damaged: %v", got, err, l.Damaged())
	}
	for _, rank := range []int64{2, 3} {
		if when, lost := l.Lost(rank); !lost || !when.Equal(at().Add(time.Minute)) {
			t.Errorf("rank %d: %v, %v", rank, when, lost)
		}
	}
	if err := d.LogTakenOver(7, "", at()); err != nil {
		t.Fatal(err)
	}
	if when, lost := openLog(t, d, 7, "").Lost(1); !lost || !when.Equal(at()) {
		t.Errorf("without a log: %v, %v", when, lost)
	}
}

// Where nothing is permitted any more, no log is opened, written or removed.
func TestLogWithoutPermit(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	errLost := errors.New("lost")
	permitted := true
	d.Disk.Permit = func() error {
		if permitted {
			return nil
		}
		return errLost
	}
	l := openLog(t, d, 0, "")
	if err := l.Begin(1, at()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(d.logPath(0))
	if err != nil {
		t.Fatal(err)
	}
	permitted = false
	open := func(k int) error { _, err := d.Log(k, "", at()); return err }
	for i, err := range []error{
		l.Begin(2, at()), l.Done(every("a.example.com", 1)), open(0), open(1), d.LogLost(1, at()),
		d.LogTakenOver(0, "", at()), d.RemoveLog(0), l.Remove(),
	} {
		if !errors.Is(err, errLost) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	wantFiles(t, d.dir, logName(0))
	if after, err := os.ReadFile(d.logPath(0)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the log has changed: %v", err)
	}
}

func flipped(data []byte, n int) []byte {
	data = bytes.Clone(data)
	data[n] ^= 0x40
	return data
}
