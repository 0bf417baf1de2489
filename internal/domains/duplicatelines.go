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

// ReadDuplicates yields the lines of the [DuplicatesFile] in the directory of a run, as many as its manifest counts. An
// error ends the sequence: it names the file, and the line that is at fault. A run that counts none needs no file.
func ReadDuplicates(dir string, count int64) iter.Seq2[*DuplicateLine, error] {
	return func(yield func(*DuplicateLine, error) bool) {
		path := filepath.Join(dir, DuplicatesFile)
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) && count == 0 {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		lines := json.NewDecoder(bufio.NewReader(f))
		for line := int64(1); ; line++ {
			d := new(DuplicateLine)
			err := lines.Decode(d)
			switch {
			case errors.Is(err, io.EOF) && line > count:
				return
			case errors.Is(err, io.EOF), err == nil && line > count:
				err = fmt.Errorf("the manifest of the run counts %d lines", count)
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
