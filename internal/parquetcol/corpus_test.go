package parquetcol

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// A corpusRow has a column of each type, required and optional where there are both. None of the last ones ever has
// a value.
type corpusRow struct {
	Rank       int64   `parquet:"rank" json:"rank"`
	Name       string  `parquet:"name" json:"name"`
	Text       *string `parquet:"text,optional" json:"text"`
	Word       string  `parquet:"word" json:"word"`
	MaybeWord  *string `parquet:"maybe_word,optional" json:"maybe_word"`
	Small      int32   `parquet:"small" json:"small"`
	MaybeSmall *int32  `parquet:"maybe_small,optional" json:"maybe_small"`
	Large      int64   `parquet:"large" json:"large"`
	MaybeLarge *int64  `parquet:"maybe_large,optional" json:"maybe_large"`
	Flag       bool    `parquet:"flag" json:"flag"`
	MaybeFlag  *bool   `parquet:"maybe_flag,optional" json:"maybe_flag"`
	List       []int32 `parquet:"list,optional,list" json:"list"`

	NoText    *string           `parquet:"no_text,optional" json:"no_text"`
	NoNumber  *int64            `parquet:"no_number,optional" json:"no_number"`
	NoFlag    *bool             `parquet:"no_flag,optional" json:"no_flag"`
	NoTexts   []string          `parquet:"no_texts,optional,list" json:"no_texts"`
	NoMap     map[string]string `parquet:"no_map,optional" json:"no_map"`
	NoStructs []corpusStruct    `parquet:"no_structs,optional,list" json:"no_structs"`
}

type corpusStruct struct {
	Host  string `parquet:"host" json:"host"`
	Count *int32 `parquet:"count,optional" json:"count"`
}

// corpusColumns are the columns of a corpusRow.
type corpusColumns struct {
	name                                       TextColumn
	text                                       TextColumn
	word, maybeWord                            DictColumn
	rank, small, maybeSmall, large, maybeLarge IntColumn
	flag, maybeFlag                            BoolColumn
	list                                       IntListColumn
}

func (c *corpusColumns) byName() map[string]Column {
	c.name.FilterBits, c.text.FilterBits = 10, 10
	return map[string]Column{
		"name": &c.name, "text": &c.text, "word": &c.word, "maybe_word": &c.maybeWord, "rank": &c.rank,
		"small": &c.small, "maybe_small": &c.maybeSmall, "large": &c.large, "maybe_large": &c.maybeLarge,
		"flag": &c.flag, "maybe_flag": &c.maybeFlag, "list": &c.list,
	}
}

func (c *corpusColumns) add(r *corpusRow) (valid bool) {
	valid = c.name.Add(r.Name)
	valid = c.text.Add(orZero(r.Text)) && valid
	valid = c.word.Add(r.Word) && valid
	valid = c.maybeWord.Add(orZero(r.MaybeWord)) && valid
	c.rank.Add(r.Rank)
	c.small.Add(int64(r.Small))
	c.large.Add(r.Large)
	if r.MaybeSmall == nil {
		c.maybeSmall.AddNull()
	} else {
		c.maybeSmall.Add(int64(*r.MaybeSmall))
	}
	if r.MaybeLarge == nil {
		c.maybeLarge.AddNull()
	} else {
		c.maybeLarge.Add(*r.MaybeLarge)
	}
	c.flag.Add(&r.Flag)
	c.maybeFlag.Add(r.MaybeFlag)
	c.list.Add(r.List)
	return valid
}

func orZero[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}

// A corpusFile is row groups of pages. Its rows are in the order of the file.
type corpusFile struct {
	name   string
	sorted bool // by rank: rows of a page are added in another order
	groups [][][]corpusRow
}

func (f corpusFile) rows() (all []corpusRow) {
	for i := range f.groups {
		all = append(all, f.group(i)...)
	}
	return all
}

func (f corpusFile) group(i int) (all []corpusRow) {
	for _, page := range f.groups[i] {
		all = append(all, page...)
	}
	return all
}

// encode makes the file. Only the footer is the library's.
func (f corpusFile) encode(t testing.TB) []byte {
	t.Helper()
	w := parquet.NewGenericWriter[corpusRow](io.Discard)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	schema, err := NewSchema(w.Schema(), &zstd.Codec{Level: zstd.SpeedFastest})
	if err != nil {
		t.Fatal(err)
	}
	columns, sortBy := new(corpusColumns), (*IntColumn)(nil)
	if f.sorted {
		sortBy = &columns.rank
	}
	group, err := schema.NewRowGroup(columns.byName(), sortBy)
	if err != nil {
		t.Fatal(err)
	}
	const magic = "PAR1"
	file := bytes.NewBufferString(magic)
	footer := *w.File().Metadata()
	random := rand.New(rand.NewPCG(7, 8))
	for i, pages := range f.groups {
		for _, page := range pages {
			order := random.Perm(len(page))
			for k := range page {
				if f.sorted {
					k = order[k]
				}
				if !columns.add(&page[k]) {
					t.Fatalf("%+v is not valid UTF-8", page[k])
				}
			}
			if err := group.EndPage(len(page)); err != nil {
				t.Fatal(err)
			}
		}
		written, err := group.Write(file, int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		group.Reset()
		if !schema.Has(written) {
			t.Fatal("the row group has other columns than the schema")
		}
		written.Ordinal = int16(i)
		footer.NumRows += written.NumRows
		footer.RowGroups = append(footer.RowGroups, written)
	}
	text, err := thrift.Marshal(new(thrift.CompactProtocol), &footer)
	if err != nil {
		t.Fatal(err)
	}
	file.Write(binary.LittleEndian.AppendUint32(text, uint32(len(text))))
	file.WriteString(magic)
	return file.Bytes()
}

// corpus has a file for each size of pages: around an octet of booleans, a block of DELTA_BINARY_PACKED, and more
// than a block of Zstandard. Its row groups combine what is NULL and what values are like; their last page is
// shorter than the others.
func corpus() []corpusFile {
	files := []corpusFile{
		{name: "words", groups: [][][]corpusRow{{manyWords(70_000)}, lastWord(300), lastWord(256), lastWord(2)}},
		{name: "empty", groups: [][][]corpusRow{{make([]corpusRow, 3), manyWords(3)}, {manyWords(3), make([]corpusRow, 3)}}},
		{name: "ranks", sorted: true, groups: [][][]corpusRow{lastWord(4), {slices.Concat(lastWord(4)...)}}},
		{name: "long", sorted: true, groups: [][][]corpusRow{longTexts(300)}},
	}
	for _, pageRows := range []int{1, 2, 8, 9, 127, 128, 129, 257} {
		for _, sorted := range []bool{false, true} {
			file := corpusFile{name: fmt.Sprintf("pages-of-%d-%v", pageRows, sorted), sorted: sorted}
			for _, null := range nullPatterns() {
				for _, value := range valuePatterns() {
					file.groups = append(file.groups, corpusGroup(pageRows, null, value))
				}
			}
			files = append(files, file)
		}
	}
	return files
}

// corpusGroup makes three pages, the last of them shorter where it can be.
func corpusGroup(pageRows int, null nullPattern, value valuePattern) (pages [][]corpusRow) {
	random := rand.New(rand.NewPCG(5, 6))
	n := 2*pageRows + (pageRows+1)/2
	for i := range n {
		if i%pageRows == 0 {
			pages = append(pages, nil)
		}
		r := value(i, random)
		if null(i, pageRows, n) {
			r.Text, r.MaybeWord, r.MaybeSmall, r.MaybeLarge, r.MaybeFlag, r.List = nil, nil, nil, nil, nil, nil
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], r)
	}
	return pages
}

// A nullPattern says which of n rows are NULL where they can be.
type nullPattern func(i, pageRows, n int) bool

func nullPatterns() []nullPattern {
	return []nullPattern{
		func(i, pageRows, n int) bool { return false },
		func(i, pageRows, n int) bool { return true },
		func(i, pageRows, n int) bool { return i == 0 },
		func(i, pageRows, n int) bool { return i == n-1 },
		func(i, pageRows, n int) bool { return i != n/2 },
		func(i, pageRows, n int) bool { return i%2 == 1 },
		func(i, pageRows, n int) bool { return i/9%2 == 0 },
		func(i, pageRows, n int) bool { return i < pageRows },
		func(i, pageRows, n int) bool { return i >= pageRows },
		func(i, pageRows, n int) bool { return i*i%7 < 3 },
	}
}

// A valuePattern makes row i.
type valuePattern func(i int, random *rand.Rand) corpusRow

func valuePatterns() []valuePattern {
	row := func(rank int, name, word string, number int64, list []int32) corpusRow {
		r := corpusRow{
			Rank: int64(rank), Name: name, Word: word, Small: int32(number), Large: number, Flag: number&1 == 1, List: list,
		}
		r.Text, r.MaybeWord = new(name+"é"), new(word+"!")
		r.MaybeSmall, r.MaybeLarge, r.MaybeFlag = new(r.Small), new(r.Large), new(r.Flag)
		return r
	}
	extremes := []int64{math.MinInt64, math.MaxInt64, 0, -1, math.MinInt32, math.MaxInt32, 1 << 31, -1 << 31, 1 << 32}
	return []valuePattern{
		// Each row as the one before.
		func(i int, _ *rand.Rand) corpusRow { return row(i, "example.com", "a", 17, []int32{}) },
		// Two values in turn, and ranks that leave gaps. The lesser text comes later, and begins as the other does.
		func(i int, _ *rand.Rand) corpusRow {
			name, word := []string{"example.net", "example.com"}[i%2], []string{"a", ""}[i%2]
			return row(3*i, name, word, int64(i%2), []int32{int32(i % 2)})
		},
		// As sorted as a zone, and texts of which the first octets are equal.
		func(i int, _ *rand.Rand) corpusRow {
			return row(i, fmt.Sprintf("example%06d.com", i), fmt.Sprint(i/5), int64(i), []int32{int32(i), int32(i)})
		},
		// Nothing in common, and ranks that are far apart.
		func(i int, random *rand.Rand) corpusRow {
			name := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(5)) + fmt.Sprintf("%x", random.Uint32())
			return row(i*100_000, name, fmt.Sprint(random.IntN(400)), int64(random.Uint64()), make([]int32, random.IntN(4)))
		},
		// The ends of what a number can be, and empty texts where they are values.
		func(i int, _ *rand.Rand) corpusRow {
			v := extremes[i%len(extremes)]
			return row(i, "", "", v, []int32{math.MinInt32, math.MaxInt32, int32(v)})
		},
	}
}

// manyWords are a page with more words than two octets can tell apart.
func manyWords(n int) (page []corpusRow) {
	for i := range n {
		word := fmt.Sprintf("w%d", i)
		page = append(page, corpusRow{Rank: int64(i), Name: word, Word: word, MaybeWord: &word})
	}
	return page
}

// lastWord are n words, and a page that has the last of them alone.
func lastWord(n int) [][]corpusRow {
	words := manyWords(n)
	return [][]corpusRow{words, slices.Repeat(words[n-1:], 5)}
}

// longTexts are two pages of texts that take several blocks of a Zstandard frame.
func longTexts(n int) [][]corpusRow {
	random := rand.New(rand.NewPCG(9, 10))
	pages := make([][]corpusRow, 2)
	for p := range pages {
		for i := range n {
			noise := make([]byte, 512)
			for k := range noise {
				noise[k] = byte(random.IntN(128))
			}
			name, text := string(manyNames(1000+i)), string(noise)
			pages[p] = append(pages[p], corpusRow{Rank: int64(p*n + i), Name: name, Text: &text})
		}
	}
	return pages
}
