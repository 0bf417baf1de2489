package domains

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

// ReadDuplicates yields the lines of the [DuplicatesFile] in the directory of a run, nothing where there is none. An
// error ends the sequence: it names the file, and the line that is at fault.
func ReadDuplicates(dir string) iter.Seq2[*DuplicateLine, error] {
	return func(yield func(*DuplicateLine, error) bool) {
		path := filepath.Join(dir, DuplicatesFile)
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
			d := new(DuplicateLine)
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
