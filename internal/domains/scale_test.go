package domains

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stsscan/internal/listfile"
)

// same is a reader of one octet, n times.
type same struct {
	octet byte
	n     int
}

func (s *same) Read(p []byte) (int, error) {
	if s.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), s.n)]
	for i := range p {
		p[i] = s.octet
	}
	s.n -= len(p)
	return len(p), nil
}

// A line without end costs time, not memory.
func TestEndlessLine(t *testing.T) {
	const size = 4 << 20
	for format, octet := range map[Format]byte{FormatPlain: 'x', FormatCSV: '"', FormatZone: '('} {
		in := io.MultiReader(strings.NewReader("a.com,x\n"), &same{octet, size}, strings.NewReader("\nb.com\n"))
		if format == FormatZone {
			in = io.MultiReader(strings.NewReader("a.com. NS x.\n"), &same{octet, size})
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := NewReader("list", in, Layout{Format: format})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		var e Entry
		for err == nil {
			if err = r.Next(&e); err == nil {
				got = append(got, fmt.Sprintf("%d %s", e.Line, e.Reason))
			}
		}
		runtime.ReadMemStats(&after)
		want := "[1  2 line_too_long 3 ] EOF"
		if format == FormatZone {
			want = "[1 ] list:2: parenthesis not closed"
		}
		if s := fmt.Sprint(got, " ", err); s != want {
			t.Errorf("%s: %s, want %s", format, s, want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d octets allocated", format, n)
		}
	}
}

// generated is a reader of n names, one a line, which are not kept in memory.
type generated struct {
	next, n int
	buf     []byte
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.buf) < len(p) && g.next < g.n {
		g.buf = append(g.buf, "name-"...)
		g.buf = strconv.AppendUint(g.buf, uint64(g.next)*0x9e3779b97f4a7c15>>20, 36)
		g.buf = append(g.buf, ".example.com\n"...)
		g.next++
	}
	if len(g.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, g.buf)
	g.buf = append(g.buf[:0], g.buf[n:]...)
	return n, nil
}

// watchHeap returns a function that stops it and returns the most memory in use until then.
func watchHeap() (stop func() uint64) {
	var most atomic.Uint64
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse+m.StackInuse))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(done); <-gone; return most.Load() }
}

// Ten times the names in the same memory: what does not fit the budget goes to the disk.
func BenchmarkPrepare(b *testing.B) {
	for _, n := range []int{300_000, 3_000_000} {
		for _, budget := range []int64{16 << 20, defaultMemoryBudget} {
			b.Run(fmt.Sprintf("names=%d/budget=%dMiB", n, budget>>20), func(b *testing.B) {
				runtime.GC()
				stop := watchHeap()
				for b.Loop() {
					dir := b.TempDir()
					p, err := Prepare(b.Context(), PrepareConfig{Dir: dir, Lists: []List{{"-"}}, Stdin: &generated{n: n},
						MemoryBudget: budget, Disk: quick()})
					if err != nil {
						b.Fatal(err)
					}
					if p.Entries != int64(n) {
						b.Fatalf("%d entries", p.Entries)
					}
				}
				b.ReportMetric(float64(stop())/(1<<20), "MiB")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/name")
			})
		}
	}
}

// BenchmarkRead measures the reading and normalising of a name, for each format.
func BenchmarkRead(b *testing.B) {
	const n = 10_000
	plain := noise(n)
	lists := map[string]string{"plain": plain, "gzip": gzipOf(b, plain)}
	var csv, zone strings.Builder
	zone.WriteString("com. 900 IN SOA a. b. 1 2 3 4 5\n")
	for i, name := range strings.Fields(plain) {
		fmt.Fprintf(&csv, "%d,%s\n", i+1, name)
		fmt.Fprintf(&zone, "%s.\t172800\tIN\tNS\tns1.example.net.\n%s.\t172800\tIN\tNS\tns2.example.net.\n", name, name)
	}
	lists["csv"], lists["zone"] = csv.String(), zone.String()
	for _, kind := range []string{"plain", "gzip", "csv", "zone"} {
		b.Run(kind, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "list")
			if err := os.WriteFile(path, []byte(lists[kind]), 0o600); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				src, err := listfile.Open(path, listfile.Options{})
				if err != nil {
					b.Fatal(err)
				}
				r, err := NewReader(path, src, Layout{})
				if err != nil {
					b.Fatal(err)
				}
				var e Entry
				var name []byte
				count := 0
				for {
					if err := r.Next(&e); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						b.Fatal(err)
					}
					var reason Reason
					if name, reason = (Rules{}).appendName(name[:0], e.Text); reason == "" {
						count++
					}
				}
				if err := src.Close(); err != nil || count != n {
					b.Fatal(count, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/name")
		})
	}
}
