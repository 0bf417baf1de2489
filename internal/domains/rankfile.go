package domains

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// A rankFile is a temporary file with a number for each rank. Numbers that were not set are 0. They are read best in
// the order of their ranks.
type rankFile struct {
	file *os.File // nil: closed
	page [512 * numberSize]byte
	has  int64 // page in memory, from 1; 0: none
}

const numberSize = 8

func createRankFile(path string) (*rankFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &rankFile{file: f}, nil
}

// set sets the number of a rank. All are set before one is read.
func (f *rankFile) set(rank, n int64) error {
	var octets [numberSize]byte
	binary.LittleEndian.PutUint64(octets[:], uint64(n))
	_, err := f.file.WriteAt(octets[:], (rank-1)*numberSize)
	return err
}

// at returns the number of a rank.
func (f *rankFile) at(rank int64) (int64, error) {
	offset := (rank - 1) * numberSize
	size := int64(len(f.page))
	if page := offset/size + 1; page != f.has {
		n, err := f.file.ReadAt(f.page[:], offset/size*size)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("%s: %w", f.file.Name(), err)
		}
		clear(f.page[n:])
		f.has = page
	}
	return int64(binary.LittleEndian.Uint64(f.page[offset%size:])), nil
}

// close closes and removes the file. It does nothing the second time.
func (f *rankFile) close() error {
	if f == nil || f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
