package domains

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// ErrOptions says that the lists do not fit the options.
var ErrOptions = errors.New("lists and options do not fit")

// Check finds what [Prepare] would refuse after a look at the options and at the beginning of each list, where
// the columns of CSV are named. It writes nothing. It reads neither what can be read only once, such as standard
// input or a pipe, nor a zip archive, which would have to be copied first.
//
// Its error wraps [ErrOptions], or is about a file.
func (cfg PrepareConfig) Check() error {
	if err := cfg.check(); err != nil {
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return err
		}
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	var formats []Format
	for _, l := range cfg.Lists {
		format, err := cfg.listFormat(l.Path)
		if err != nil {
			return err
		}
		formats = append(formats, format)
	}
	could := func(f Format) bool { return f == "" || f.hasColumns() }
	if cfg.needsColumns() && !slices.ContainsFunc(formats, could) {
		return fmt.Errorf("%w: %s: a %s list has no columns to choose from or to carry",
			ErrOptions, cfg.Lists[0].Path, formats[0])
	}
	return nil
}

// listFormat returns the format of a list by its beginning; "": the list is not read.
func (cfg *PrepareConfig) listFormat(path string) (format Format, err error) {
	if info, err := os.Stat(path); path == "-" || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if zip, err := isZip(path); zip || err != nil {
		return "", err
	}
	src, err := Open(path, nil)
	if err != nil {
		return "", err
	}
	defer func() { err = joinErrors(err, src.Close()) }()
	r, err := NewReader(path, src, Layout{Format: cfg.Format, DomainColumn: cfg.DomainColumn, Tags: cfg.Tags})
	switch {
	case err == nil:
		return r.Format(), nil
	case cfg.needsColumns():
		return "", fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return "", err
}

// isZip says whether a file begins like a zip archive.
func isZip(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	var head [sniffed]byte
	n, _ := f.Read(head[:]) // an error comes again later
	return sniff(head[:n]) == zipped, f.Close()
}
