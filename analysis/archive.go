package main

import (
	"path/filepath"
	"slices"
)

// expandArchives puts the runs of an archive in its place, by their names, the oldest
// first. An archive is a directory with each run in date=YYYY-MM-DD beneath it; a run
// of the same day is told apart by what follows, as in date=2026-11-29T18.
func expandArchives(dirs []string) ([]string, error) {
	var runs []string
	for _, dir := range dirs {
		nights, err := filepath.Glob(filepath.Join(globEscape(dir), "date=*"))
		if err != nil {
			return nil, err
		}
		if len(nights) == 0 {
			nights = []string{dir}
		}
		slices.Sort(nights)
		runs = append(runs, nights...)
	}
	return runs, nil
}
