package output

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// DuplicatesName is the file of a run that lists the duplicates whose tags are not those of the row of their domain, in
// the order of lists and lines, one JSON object a line. A run without any has no such file.
const DuplicatesName = "duplicates.jsonl"

// A Duplicate is an entry that names a domain once more, with other tags.
type Duplicate struct {
	Domain string            `json:"domain"`
	List   string            `json:"list"`
	Line   int64             `json:"line"`
	Tags   map[string]string `json:"tags"`
	First  Place             `json:"first"` // the entry that became the row
}

// A Place is a line of a list.
type Place struct {
	List string `json:"list"`
	Line int64  `json:"line"`
}

// Duplicates yields what the file of duplicates in the directory of a run lists, nothing where there is none. An error
// ends the sequence: it names the file, and the line that is at fault.
func Duplicates(dir string) iter.Seq2[*Duplicate, error] {
	return func(yield func(*Duplicate, error) bool) {
		path := filepath.Join(dir, DuplicatesName)
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		lines := json.NewDecoder(bufio.NewReader(f))
		for line := 1; ; line++ {
			d := new(Duplicate)
			err := lines.Decode(d)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err == nil && d.Domain == "":
				err = errors.New("there is no domain")
			}
			if err != nil {
				yield(nil, fmt.Errorf("%s: line %d: %w", path, line, err))
				return
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}
