package domains

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// joinErrors is err, followed by what went wrong in the clean-up after it, on one line.
func joinErrors(err, also error) error {
	if err == nil || also == nil {
		return cmp.Or(err, also)
	}
	return fmt.Errorf("%w (then %w)", err, also)
}

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
