package domains

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A repair prepares a run directory again because something in it is damaged or gone. The nil repair is a first
// preparation.
type repair struct {
	dir   string
	begun string // SHA-256 of the original plan; "": unknown
	plan  *Plan  // the original one; nil: it is damaged or gone
	cause error  // the first error that was found
}

// errRemoved says that names are needed after RemoveChunks. That is no damage.
var errRemoved = errors.New("the prepared names were removed when the run was complete")

// inspect reads an earlier preparation and returns all that is wrong with it. The plan is nil if there was none,
// or if it is itself what is wrong.
func (cfg *PrepareConfig) inspect(ctx context.Context) (plan *Plan, wrong []error, err error) {
	plan, err = ReadPlan(cfg.Dir)
	switch {
	case errors.Is(err, ErrDamagedPlan), errors.Is(err, fs.ErrNotExist) && cfg.wasBegun():
		return nil, []error{err}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	if cfg.difference(plan) != "" {
		return plan, nil, nil // reuse reports it
	}
	chunks := filepath.Join(cfg.Dir, ChunksDir)
	removed := cfg.Removed || !exists(chunks)
	for k := range plan.Chunks {
		if cfg.Needs != nil && !cfg.Needs(k) {
			continue
		}
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("prepare %s: %w", cfg.Dir, context.Cause(ctx))
		}
		cfg.report(Progress{Stage: StageCheck, Done: int64(k), Total: int64(plan.Parts)})
		err := plan.CheckChunk(k)
		if removed && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s: %w", chunks, errRemoved)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, err := range []error{plan.CheckRejects(), plan.CheckDuplicates()} {
		if err != nil && !(cfg.Elsewhere && errors.Is(err, fs.ErrNotExist)) {
			wrong = append(wrong, err)
		}
	}
	if _, err := plan.ReadExclusions(); err != nil {
		wrong = append(wrong, err)
	}
	return plan, wrong, nil
}

func (cfg *PrepareConfig) begun() (plan, exclusions string) {
	if cfg.Begun == nil {
		return "", ""
	}
	return cfg.Begun()
}

func (cfg *PrepareConfig) wasBegun() bool {
	plan, _ := cfg.begun()
	return plan != ""
}

// newRepair reports what is wrong; nil: nothing is.
func (cfg *PrepareConfig) newRepair(plan *Plan, wrong []error) (*repair, error) {
	if wrong == nil {
		return nil, nil
	}
	for _, err := range wrong {
		if cfg.Damaged != nil && !errors.Is(err, errRemoved) {
			cfg.Damaged(err)
		}
	}
	if err := cfg.restoreExclusions(plan); err != nil {
		return nil, err
	}
	r := &repair{dir: cfg.Dir, plan: plan, cause: wrong[0]}
	if plan == nil {
		r.begun, _ = cfg.begun()
		return r, nil
	}
	r.begun = plan.SHA256()
	cfg.PartSize = plan.PartSize
	return r, nil
}

// restoreExclusions sets Exclude to the Exclusions of the original plan, since those of now may have grown. The
// original ones are recognised by their hash: they are the ones kept beside the plan, or, if these are damaged
// or gone, none, those of now, or those of now without what was added since.
func (cfg *PrepareConfig) restoreExclusions(plan *Plan) error {
	kept, err := ReadExclusions(filepath.Join(cfg.Dir, EntriesFile))
	if err != nil {
		kept = nil
	}
	_, sum := cfg.begun()
	switch {
	case plan != nil:
		sum = plan.Exclusions
	case sum == "":
		sum = kept.SHA256()
	}
	added, err := readHistories(cfg.Dir, func(string, error) error { return nil })
	if err != nil {
		added = nil // the histories are gone too
	}
	for _, then := range []*Exclusions{kept, nil, cfg.Exclude, cfg.Exclude.without(added)} {
		if then.SHA256() == sum {
			err := cfg.Exclude.checkContains(then)
			cfg.Exclude = then
			return err
		}
	}
	return fmt.Errorf("run directory %s %w: the exclusions that it was prepared with are damaged or gone, "+
		"and the present ones differ: run once with the original ones", cfg.Dir, ErrOtherInput)
}

// checkPlan returns an error, which wraps [ErrOtherInput], if p is not the original plan. It is the plan of the lists.
func (r *repair) checkPlan(p *Plan, lists []List) error {
	if r == nil || r.begun == "" || r.begun == p.SHA256() {
		return nil
	}
	difference := "the lists or their options are not those of the run"
	for i := 0; r.plan != nil && i < len(lists); i++ {
		if sum, was := p.Inputs[i].SHA256, r.plan.Inputs[i]; sum != was.SHA256 {
			difference = otherList(lists[i], sum, was)
			break
		}
	}
	return fmt.Errorf("run directory %s %w: its names must be prepared again (%w), and %s", r.dir, ErrOtherInput,
		r.cause, difference)
}

// knowsPlan reports whether the original plan is known: whatever differs from it is an error of its own.
func (r *repair) knowsPlan() bool { return r != nil && r.plan != nil }

// listName is the original name of a list, which rows and rejects repeat.
func (r *repair) listName(i int, l List) string {
	if r == nil || r.plan == nil || i >= len(r.plan.Inputs) {
		return l.Path
	}
	return r.plan.Inputs[i].Name
}

// CheckChunk returns an error if the names of part k are not as they were prepared, or are gone.
func (p *Plan) CheckChunk(k int) error {
	return checkFile(filepath.Join(p.dir, ChunksDir, ChunkName(k)), p.Chunks[k].SHA256)
}

// CheckRejects returns an error if [RejectsFile] is not the one that was prepared.
func (p *Plan) CheckRejects() error { return checkFile(filepath.Join(p.dir, RejectsFile), p.Rejects) }

// CheckDuplicates returns an error if [DuplicatesFile] is not the one that was prepared.
func (p *Plan) CheckDuplicates() error {
	if p.DuplicatesSHA256 == "" {
		return nil
	}
	return checkFile(filepath.Join(p.dir, DuplicatesFile), p.DuplicatesSHA256)
}

// checkFile returns an error if the file does not have the SHA-256 sum, or, if sum is "", is not there.
func checkFile(path, sum string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	if sum != "" && hex.EncodeToString(hash.Sum(nil)) != sum {
		return fmt.Errorf("%s: it is not the file that was prepared", path)
	}
	return nil
}
