package output

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A Selection says which rows of parts are read, and which of their columns: of the rows of a long list, few have
// an answer to the question at hand. It reads as little as it can. Of a row group whose footer or dictionaries say that
// no row passes, it reads no row; of others first the columns that decide, and then the chosen columns of the rows
// that pass. In memory it has a page of each of these columns.
//
// The zero value selects all rows. For all columns of most rows, [ReadPart] is faster.
type Selection struct {
	// Columns are names as [Columns] has them, or the name in place of the number of its labels
	// (registered_domain). Rows have these, and always domain and rank; their other fields are as if NULL.
	Columns []string

	// Only are conditions on rows, all of which a row has to meet.
	Only []Condition
}

// A Condition is about a column of text, or of a list of texts, of which one is enough. NULL never meets it.
type Condition struct {
	Column string
	Words  []string // one of which the text is

	// Match decides in place of Words, where it is set. It must not keep the text.
	Match func(text []byte) bool
}

// Check refuses columns that are not there, and conditions on those that are no texts.
func (s Selection) Check() error {
	columns := Columns()
	for _, name := range s.Columns {
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name || c.LabelsOf == name }) {
			return fmt.Errorf("%q is no column", name)
		}
	}
	for _, only := range s.Only {
		ok := slices.ContainsFunc(columns, func(c Column) bool {
			return c.Name == only.Column && (c.Type == "string" || c.Type == "list of string")
		})
		if !ok {
			return fmt.Errorf("rows cannot be chosen by the column %q", only.Column)
		}
	}
	return nil
}

// Rows yields the selected rows of all parts in the directory of a run, each a new one: part after part, and in each in
// the order of its file. An error ends the sequence: it names the file, and wraps [ErrDamaged] or [ErrForeign]
// where a file can be read and is not what it should be. What is not read is not checked.
func (s Selection) Rows(dir string) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		paths, err := PartPaths(dir)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, path := range paths {
			for r, err := range s.Part(path) {
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}
}

// Part is [Selection.Rows] of the part file path alone.
func (s Selection) Part(path string) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		stat, err := f.Stat()
		if err == nil {
			err = s.read(f, stat.Size(), path, func(r *Row) bool { return yield(r, nil) })
		}
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", path, err))
		}
	}
}

// read gives do the selected rows of a part file, until it returns false.
func (s Selection) read(f io.ReaderAt, size int64, name string, do func(*Row) bool) error {
	if err := s.Check(); err != nil {
		return err
	}
	file, info, err := openPartAt(f, size, name, parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	p, err := newProjection(s.Columns, file, info.version)
	if err != nil {
		return err
	}
	for i, group := range file.RowGroups() {
		rows, err := s.passing(group, file.Metadata().RowGroups[i])
		if err == nil && len(rows) > 0 {
			err = p.read(group, rows, do)
		}
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return nil
}

// passing are the numbers of the rows of a row group that meet all conditions.
func (s Selection) passing(group parquet.RowGroup, meta format.RowGroup) ([]int64, error) {
	leaves := make([]int, len(s.Only))
	for i, only := range s.Only {
		leaf, ok := leafOf(group.Schema(), only.Column)
		if !ok {
			return nil, nil
		}
		none, err := only.excludes(group.ColumnChunks()[leaf], &meta.Columns[leaf].MetaData)
		if err != nil || none {
			return nil, err
		}
		leaves[i] = leaf
	}
	rows := allRows(group)
	for i, only := range s.Only {
		meets := make([]bool, len(rows))
		cursor := newLeafCursor(group, leaves[i])
		match := only.matcher()
		err := cursor.collect(rows, func(i int, v parquet.Value) {
			meets[i] = meets[i] || !v.IsNull() && match(v.ByteArray())
		})
		if err := errors.Join(err, cursor.close()); err != nil {
			return nil, err
		}
		left := rows[:0]
		for i, row := range rows {
			if meets[i] {
				left = append(left, row)
			}
		}
		rows = left
	}
	return rows, nil
}

// leafOf is the number of the column of texts, or of the texts of a list.
func leafOf(schema *parquet.Schema, column string) (int, bool) {
	leaf, ok := schema.Lookup(column)
	if !ok {
		leaf, ok = schema.Lookup(column, "list", "element")
	}
	return leaf.ColumnIndex, ok
}

func (c Condition) matcher() func([]byte) bool {
	if c.Match != nil {
		return c.Match
	}
	words := make(map[string]bool)
	for _, word := range c.Words {
		words[word] = true
	}
	return func(text []byte) bool { return words[string(text)] }
}

// excludes reports whether no row of a row group meets the condition, by what the footer says of a column, and by its
// dictionary where the words are a closed set, which has room for all of them.
func (c Condition) excludes(chunk parquet.ColumnChunk, meta *format.ColumnMetaData) (bool, error) {
	stats := &meta.Statistics
	if stats.NullCount == meta.NumValues {
		return true, nil
	}
	low, high := string(stats.MinValue), string(stats.MaxValue)
	bounded := c.Match == nil && stats.MinValue != nil && stats.MaxValue != nil
	if bounded && !slices.ContainsFunc(c.Words, func(word string) bool {
		return word >= low && (word <= high || strings.HasPrefix(word, high)) // a long bound may be cut
	}) {
		return true, nil
	}
	if meta.DictionaryPageOffset <= 0 || closedSet(c.Column) == nil {
		return false, nil
	}
	found, match := false, c.matcher()
	err := catchPanic(func() error {
		pages := chunk.Pages()
		defer pages.Close()
		from, ok := pages.(interface {
			ReadDictionary() (parquet.Dictionary, error)
		})
		if !ok {
			found = true
			return nil
		}
		words, err := from.ReadDictionary()
		for i := 0; err == nil && i < words.Len(); i++ {
			found = found || match(words.Index(int32(i)).ByteArray())
		}
		return err
	})
	return err == nil && !found, err
}
