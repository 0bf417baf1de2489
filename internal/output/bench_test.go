package output

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkWrite writes parts of plain negatives, one row in a thousand a
// whole survey, and commits them: ns/op is the time of one row with its share
// of all that a part costs.
func BenchmarkWrite(b *testing.B) {
	for _, order := range []string{"sorted", "shuffled"} {
		b.Run(order, func(b *testing.B) {
			names := benchNames(1<<17, order == "sorted")
			var size int64
			d := open(b, b.TempDir(), identity())
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; {
				n := min(1<<19, b.N-done)
				size += benchPart(b, d, names, n, 1024, 1000)
				done += n
			}
			b.ReportMetric(float64(size)/float64(b.N), "file-bytes/row")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkSmallPart writes parts of 64 ranks, of which short lists have many:
// ns/op is the time of one part.
func BenchmarkSmallPart(b *testing.B) {
	for _, bench := range []struct {
		name    string
		surveys int // one row in so many is a whole survey
	}{{"denial", 1000}, {"surveys", 50}} {
		b.Run(bench.name, func(b *testing.B) {
			names := benchNames(1<<10, false)
			d := open(b, b.TempDir(), identity())
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				benchPart(b, d, names, 64, 64, bench.surveys)
			}
		})
	}
}

// benchPart writes one part of n rows in reused batches, as the pipeline does,
// and gives its size. Of six rows in eight the zone is the domain itself.
func benchPart(b testing.TB, d *Dataset, names []string, n, perBatch, surveys int) int64 {
	b.Helper()
	p, err := d.Create(0, 1, int64(n))
	if err != nil {
		b.Fatal(err)
	}
	txtCount, authenticated := new(int32(0)), new(false)
	one, two := new(int32(1)), new(int32(2))
	start, batch := time.Unix(1_790_000_000, 0).UTC(), make([]Row, perBatch)
	random := rand.New(rand.NewPCG(1, 2))
	for rank := 0; rank < n; {
		batch = batch[:min(perBatch, n-rank)]
		for i := range batch {
			// Answers come in another order than the questions were asked in.
			j := rank + i
			if first := j &^ 4095; first+4096 <= n {
				j = first + j*1597&4095
			}
			name, r := names[j%len(names)], &batch[i]
			if j%surveys == surveys/2 {
				*r = *valid(name, int64(j+1))
				continue
			}
			*r = Row{
				Domain: name, Rank: int64(j + 1), List: "com.zone.gz", TLD: "com", RegisteredLabels: two,
				Record: "absent", RecordReason: "nxdomain", Error: "ErrNoRecord", TXTCount: txtCount,
				ZoneLabels: two, Rcode: "NXDOMAIN", Authenticated: authenticated, Resolver: "192.0.2.53:53", Attempts: 1,
				LookupMS: int32(20 + 15*random.ExpFloat64()), Policy: "not_fetched",
				ObservedAt: start.Add(time.Duration(rank/400_000) * time.Second), Pass: 1,
			}
			switch j % 8 {
			case 3, 6:
				r.ZoneLabels, r.RecordReason = one, "no_domain"
			case 5:
				r.RecordReason, r.Rcode = "nodata", "NOERROR"
			}
		}
		if err := p.Write(batch); err != nil {
			b.Fatal(err)
		}
		rank += len(batch)
	}
	info, err := p.Commit()
	if err != nil {
		b.Fatal(err)
	}
	return info.Bytes
}

// benchNames makes names of the lengths and of roughly the letters that names
// in a large zone have, 17 octets in the mean.
func benchNames(n int, sorted bool) []string {
	const letters = "eeeeaaaaiiioootttnnnrrrssslllcccuudddmmpphhgggbbyyffwwkkvvxzjq0123456789-"
	random := rand.New(rand.NewPCG(3, 4))
	words := make([]string, 20_000)
	for i := range words {
		word := make([]byte, 3+random.IntN(5))
		for j := range word {
			word[j] = letters[random.IntN(len(letters)-1)]
		}
		words[i] = string(word)
	}
	names := make([]string, n)
	for i := range names {
		// Frequent words are frequent: a square prefers the first ones.
		word := func() string { x := random.Float64(); return words[int(x*x*float64(len(words)))] }
		names[i] = word() + word()
		if random.IntN(3) == 0 {
			names[i] += word()
		}
		names[i] += ".com"
	}
	if sorted {
		slices.Sort(names)
	}
	return names
}
