package main

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// fromFile is the list that --from makes.
const fromFile = "selection.jsonl"

// checkFromFlags refuses flags that cannot go with --from.
func (j *scanJob) checkFromFlags() error {
	switch {
	case j.flags.from == "" && j.flags.only == "":
		return nil
	case j.flags.from == "" || j.flags.only == "":
		return usage(errors.New("--only CLASS and --from RUN go together"))
	case len(j.lists) > 0 || j.flags.lists.format != string(domains.FormatAuto) || j.flags.lists.domainColumn != "" ||
		len(j.flags.lists.tags) > 0 || j.flags.lists.strictNames || j.flags.lists.names != string(domains.NamesAsGiven):
		return usage(errors.New("--from RUN brings its own names: leave out lists, --format, --domain-column, --tags, " +
			"--strict-names and --names"))
	}
	if _, err := output.ConditionOf(j.flags.only); err != nil {
		return usage(fmt.Errorf("--only: %w", err))
	}
	return nil
}

// checkFromRun refuses a run without a row to choose, before anything is written.
func (j *scanJob) checkFromRun() error {
	if j.flags.from == "" {
		return nil
	}
	if _, err := output.ReadManifests(j.flags.from); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	same, err := durable.SameDir(j.flags.from, j.flags.output)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if same {
		return usage(errors.New("--from: a run cannot be made from itself"))
	}
	parts, chosen, err := j.chosenParts()
	if err != nil {
		return err
	}
	for _, path := range parts {
		for _, err := range chosen.Part(path) {
			return err // nil: there is a row
		}
	}
	return fmt.Errorf("%s has no row that is %s", j.flags.from, j.flags.only)
}

// writeFrom writes the chosen names of --from to the run directory, as the only list of this run, in the
// order of their ranks there.
func (j *scanJob) writeFrom() error {
	if j.flags.from == "" {
		return nil
	}
	manifests, err := output.ReadManifests(j.flags.from)
	if err != nil {
		return err
	}
	first := manifests[0]
	j.lineage = &output.Lineage{
		Run: j.flags.from, Only: j.flags.only, Plan: first.Plan.SHA256, Status: first.Status, Limit: first.Limit(), From: first.From,
	}
	if first.Shard != nil && len(manifests) < first.Shard.Of {
		j.lineage.Status = output.StatusIncomplete
	}
	for _, m := range manifests {
		if !m.Status.Finished() {
			j.lineage.Status = m.Status
		}
		data, err := os.ReadFile(filepath.Join(j.flags.from, m.Name()))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		j.lineage.Manifest = append(j.lineage.Manifest, hex.EncodeToString(sum[:]))
	}
	file, err := durable.Create(j.path(fromFile))
	if err != nil {
		return err
	}
	if err := j.writeNames(file); err != nil {
		return errors.Join(err, file.Abort())
	}
	j.lists, j.flags.lists.format = []string{j.path(fromFile)}, string(domains.FormatRows)
	return file.Commit(nil)
}

// writeNames writes the chosen rows as a list with ranks and tags. All their tags become those of the run.
func (j *scanJob) writeNames(file *durable.File) error {
	parts, chosen, err := j.chosenParts()
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(file, 64<<10)
	list := json.NewEncoder(buffer)
	list.SetEscapeHTML(false)
	tags := make(map[string]bool)
	for _, path := range parts {
		var names []domains.RowLine
		for row, err := range chosen.Part(path) {
			if err != nil {
				return err
			}
			names = append(names, domains.RowLine{Rank: row.Rank, Domain: row.Domain, Tags: row.Tags})
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
	j.flags.lists.tags = slices.Sorted(maps.Keys(tags))
	return buffer.Flush()
}

// chosenParts are the parts of --from, and the tags of those of their rows that --only chooses.
func (j *scanJob) chosenParts() (parts []string, chosen output.Selection, err error) {
	only, err := output.ConditionOf(j.flags.only)
	if err == nil {
		parts, err = output.PartPaths(j.flags.from)
	}
	return parts, output.Selection{Columns: []string{"tags"}, Only: []output.Condition{only}}, err
}

// checkFromPlan holds the plan to what --from chose: each name is in it, unless it opted out since or is
// beyond --limit.
func (j *scanJob) checkFromPlan(plan *domains.Plan) error {
	if j.lineage == nil {
		return nil
	}
	due := j.lineage.Rows
	if j.flags.lists.limit > 0 {
		due = min(due, j.flags.lists.limit)
	}
	if plan.Names+plan.Excluded != due {
		return fmt.Errorf("%d of the %d rows that are %s in %s would be asked: %s is not what was chosen",
			plan.Names, due, j.flags.only, j.flags.from, j.path(fromFile))
	}
	return nil
}
