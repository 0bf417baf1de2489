package listfile

import (
	"hash"
	"io"
)

// A rawReader counts and hashes what it reads. An error is permanent.
type rawReader struct {
	r      io.Reader
	hash   hash.Hash
	n      int64
	err    error
	onRead func(n int64) error
}

func (r *rawReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.r.Read(p)
	r.err = err
	r.hash.Write(p[:n])
	r.n += int64(n)
	if r.onRead != nil {
		if stop := r.onRead(int64(n)); stop != nil {
			n, r.err = 0, stop
		}
	}
	return n, r.err
}

// errReader is a reader that always fails.
type errReader struct{ err error }

func (f errReader) Read([]byte) (int, error) { return 0, f.err }
