package main

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// selectionFile is the list of a run that was made of rows of another.
const selectionFile = "selection.jsonl"

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
	if _, err := output.Filter(j.only); err != nil {
		return usage(fmt.Errorf("--only: %w", err))
	}
	return nil
}

// checkFrom refuses a run that no row can be chosen from, before anything is
// written.
func (j *scanJob) checkFrom() error {
	if j.from == "" {
		return nil
	}
	same, err := sameDir(j.from, j.output)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if same {
		return usage(errors.New("--from: a run cannot be made of itself"))
	}
	if _, err := output.ReadManifests(j.from); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	chosen, err := output.Filter(j.only)
	if err != nil {
		return err
	}
	paths, err := output.PartPaths(j.from)
	if err != nil {
		return err
	}
	for _, path := range paths {
		for row, err := range output.ReadPart(path) {
			if err != nil {
				return err
			}
			if chosen(row) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s has no row that is %s", j.from, j.only)
}

// choose writes the names of the run that is asked again to the run directory,
// as the one list of this run, in the order of their ranks there.
func (j *scanJob) choose() error {
	if j.from == "" {
		return nil
	}
	manifests, err := output.ReadManifests(j.from)
	if err != nil {
		return err
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
	j.lists, j.format = []string{j.path(selectionFile)}, string(domains.FormatRows)
	return file.Commit(nil)
}

// writeSelection writes the chosen rows as a list that carries ranks and tags: all
// tags that one of them has.
func (j *scanJob) writeSelection(file *durable.File) error {
	chosen, err := output.Filter(j.only)
	if err != nil {
		return err
	}
	paths, err := output.PartPaths(j.from)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(file, 64<<10)
	list := json.NewEncoder(buffer)
	list.SetEscapeHTML(false)
	tags := make(map[string]bool)
	for _, path := range paths {
		var names []domains.RowLine
		for row, err := range output.ReadPart(path) {
			if err != nil {
				return err
			}
			if chosen(row) {
				names = append(names, domains.RowLine{Rank: row.Rank, Domain: row.Domain, Tags: row.Tags})
			}
		}
		slices.SortFunc(names, func(a, b domains.RowLine) int { return cmp.Compare(a.Rank, b.Rank) })
		for _, name := range names {
			for tag := range name.Tags {
				tags[tag] = true
			}
			if err := list.Encode(name); err != nil {
				return err
			}
		}
		j.lineage.Rows += int64(len(names))
	}
	j.tags = slices.Sorted(maps.Keys(tags))
	return buffer.Flush()
}

// checkChosen holds the plan of a run of chosen rows to what was chosen: each is
// asked, unless it opted out since or is beyond --limit.
func (j *scanJob) checkChosen(plan *domains.Plan) error {
	if j.lineage == nil {
		return nil
	}
	due := j.lineage.Rows
	if j.limit > 0 {
		due = min(due, j.limit)
	}
	if plan.Names+plan.Excluded != due {
		return fmt.Errorf("%d of the %d rows that are %s in %s would be asked: %s is not what was chosen",
			plan.Names, due, j.only, j.from, j.path(selectionFile))
	}
	return nil
}

// sameDir reports whether two paths are of one directory, of which there may be no
// other yet.
func sameDir(a, other string) (bool, error) {
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
