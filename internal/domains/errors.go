package domains

import (
	"errors"
	"io"
	"io/fs"

	"stsscan/internal/listfile"
)

// maxLine is the length of the longest line, and of the longest text of an entry, in octets.
const maxLine = listfile.MaxLine

// ignoreEOF is nil at the end of the text, and err otherwise.
func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// unexpectedEOF is err, where io.EOF is too early.
func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// openError words an error of os.Stat as os.Open would.
func openError(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "open", Path: pe.Path, Err: pe.Err}
	}
	return err
}
