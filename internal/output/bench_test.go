package output

import (
	"fmt"
	"testing"
)

// BenchmarkWrite writes parts of plain negatives in batches of 4096, one row
// in a thousand a whole survey: ns/op is the time of one row.
func BenchmarkWrite(b *testing.B) {
	const perPart, perBatch = 1 << 19, 4096
	rows := make([]*Row, 1<<16)
	for i := range rows {
		name := fmt.Sprintf("%x%x.com", uint32(i)*2654435761>>12, i%977)
		rows[i] = negative(name, 0)
		if i%1000 == 500 {
			rows[i] = valid(name, 0)
		}
		rows[i].LookupMS = int32(i * 7919 % 400)
	}
	d := open(b, b.TempDir(), identity())
	var size int64
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		p, err := d.Create(0, 1, perPart)
		if err != nil {
			b.Fatal(err)
		}
		rank := int64(0)
		for n := min(perPart, b.N-done); n > 0; {
			batch := rows[int(rank)%len(rows):]
			batch = batch[:min(perBatch, n)]
			for _, r := range batch {
				rank++
				r.Rank = rank
			}
			if err := p.Write(batch); err != nil {
				b.Fatal(err)
			}
			n -= len(batch)
			done += len(batch)
		}
		info, err := p.Commit()
		if err != nil {
			b.Fatal(err)
		}
		size += info.Bytes
	}
	b.ReportMetric(float64(size)/float64(b.N), "file-bytes/row")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
