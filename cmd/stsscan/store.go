package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"stsscan/internal/durable"
	"stsscan/internal/store"
)

// storeUsage is the usage of --store.
const storeUsage = "`LOCATION`: keep the run there too: s3://BUCKET/PREFIX, or a directory that many machines mount"

// openStore opens the store at a location, which was given as what, for the run in a directory; nil: there is none. It
// asks nothing yet.
func openStore(what, location, dir string, std streams) (store.Store, error) {
	if location == "" {
		return nil, nil
	}
	s, err := store.Open(location, store.Config{Log: std.console().Log(false, false)})
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", what, err))
	}
	if isDir, ok := s.(*store.Dir); ok {
		same, err := samePlace(isDir.String(), dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if same {
			return nil, usage(fmt.Errorf("%s %s: it is the run directory: machines that mount it need no store", what,
				location))
		}
	}
	return s, nil
}

// samePlace reports whether two paths lead to one directory, which need not be there.
func samePlace(a, b string) (bool, error) {
	first, err1 := filepath.Abs(a)
	second, err2 := filepath.Abs(b)
	if err1 == nil && err2 == nil && first == second {
		return true, nil
	}
	same, err := durable.SameDir(a, b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return same, err
}
