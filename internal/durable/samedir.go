package durable

import (
	"errors"
	"io/fs"
	"os"
)

// SameDir reports whether two paths lead to one directory. The other one may not exist yet.
func SameDir(a, other string) (bool, error) {
	first, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	second, err := os.Stat(other)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(first, second), err
}
