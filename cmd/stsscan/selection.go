package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// selectionFile is the list of a run that was made of rows of another.
const selectionFile = "selection.csv"

// checkSelection refuses flags that cannot go with --from.
func (j *scanJob) checkSelection() error {
	switch {
	case j.from == "" && j.only == "" && len(j.lists) == 0:
		return usage(errors.New("scan needs at least one LIST, or --from RUN: see stsscan scan --help"))
	case j.from == "" && j.only == "":
		return nil
	case j.from == "" || j.only == "":
		return usage(errors.New("--only CLASS and --from RUN go together"))
	case len(j.lists) > 0 || j.format != "auto" || j.domainColumn != "" || len(j.tags) > 0:
		return usage(errors.New("the names come --from a run: leave out lists, --format, --domain-column and --tags"))
	}
	if _, err := output.Choose(j.only); err != nil {
		return usage(fmt.Errorf("--only: %w", err))
	}
	return nil
}

// choose writes the names of the run that is asked again to the run directory,
// as the one list of this run, in the order of their ranks there.
func (j *scanJob) choose() error {
	if j.from == "" {
		return nil
	}
	same, err := sameDir(j.from, j.output)
	if err != nil {
		return err
	}
	if same {
		return usage(errors.New("--from: a run cannot be made of itself"))
	}
	manifests, err := output.ReadManifests(j.from)
	if err != nil {
		return err
	}
	old, err := domains.ReadPlan(j.from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old != nil {
		j.tags = old.Tags
	}
	j.lineage = &output.Lineage{Run: j.from, Only: j.only, Plan: manifests[0].Plan.SHA256, Status: manifests[0].Status}
	for _, m := range manifests {
		if !m.Status.Finished() {
			j.lineage.Status = m.Status
		}
		data, err := os.ReadFile(filepath.Join(j.from, m.Name()))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		j.lineage.Manifest = append(j.lineage.Manifest, hex.EncodeToString(sum[:]))
	}
	file, err := durable.Create(j.path(selectionFile))
	if err != nil {
		return err
	}
	if err := j.writeSelection(file); err != nil {
		return errors.Join(err, file.Abort())
	}
	if j.lineage.Rows == 0 {
		return errors.Join(fmt.Errorf("%s has no row that is %s", j.from, j.only), file.Abort())
	}
	j.lists, j.format, j.domainColumn = []string{j.path(selectionFile)}, "csv", "domain"
	return file.Commit(nil)
}

// writeSelection writes the chosen rows as a list that carries ranks and tags.
func (j *scanJob) writeSelection(file *durable.File) error {
	chosen, err := output.Choose(j.only)
	if err != nil {
		return err
	}
	paths, err := output.PartPaths(j.from)
	if err != nil {
		return err
	}
	list := csv.NewWriter(file)
	_ = list.Write(append([]string{"rank", "domain"}, j.tags...)) // errors come with Flush
	for _, path := range paths {
		var names []domains.Name
		for row, err := range output.ReadPart(path) {
			if err != nil {
				return err
			}
			if chosen(row) {
				names = append(names, domains.Name{Domain: row.Domain, Rank: row.Rank, Tags: row.Tags})
			}
		}
		slices.SortFunc(names, func(a, b domains.Name) int { return cmp.Compare(a.Rank, b.Rank) })
		for _, name := range names {
			line := []string{strconv.FormatInt(name.Rank, 10), name.Domain}
			for _, tag := range j.tags {
				line = append(line, name.Tags[tag])
			}
			_ = list.Write(line)
		}
		j.lineage.Rows += int64(len(names))
	}
	list.Flush()
	return list.Error()
}

// sameDir reports whether two paths are of one directory.
func sameDir(a, b string) (bool, error) {
	first, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	second, err := os.Stat(b)
	if err != nil {
		return false, err
	}
	return os.SameFile(first, second), nil
}
