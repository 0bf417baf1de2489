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

// A repair is the preparation of a run directory that was prepared before, because
// some of what it left is damaged or gone. The nil repair is a first preparation.
type repair struct {
	dir   string
	begun string // SHA-256 of the plan then; "": nothing tells
	plan  *Plan  // then; nil: it is what is damaged
	cause error  // the first of what is wrong
}

// inspect reads what an earlier preparation left: no plan where there was none or
// the plan is what is wrong, and all that is wrong.
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
		return plan, nil, nil // reuse has the words
	}
	for k, chunk := range plan.Chunks {
		if cfg.Owns != nil && !cfg.Owns(k) {
			continue
		}
		if ctx.Err() != nil {
			return nil, nil, fmt.Errorf("prepare %s: %w", cfg.Dir, context.Cause(ctx))
		}
		cfg.report(Progress{Stage: StageCheck, Done: int64(k), Total: int64(plan.Parts)})
		if err := checkFile(filepath.Join(cfg.Dir, chunksDir, chunkName(k)), chunk.SHA256); err != nil {
			wrong = append(wrong, err)
		}
	}
	if err := plan.CheckRejects(); err != nil {
		wrong = append(wrong, err)
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

// newRepair tells what is wrong; nil where nothing is.
func (cfg *PrepareConfig) newRepair(plan *Plan, wrong []error) (*repair, error) {
	if wrong == nil {
		return nil, nil
	}
	for _, err := range wrong {
		if cfg.Damaged != nil {
			cfg.Damaged(err)
		}
	}
	if err := cfg.restoreExclusions(plan); err != nil {
		return nil, err
	}
	m := &repair{dir: cfg.Dir, plan: plan, cause: wrong[0]}
	if plan == nil {
		m.begun, _ = cfg.begun()
		return m, nil
	}
	m.begun = plan.SHA256()
	cfg.PartSize = plan.PartSize
	return m, nil
}

// restoreExclusions prepares with the Exclusions of then: those of now may have grown.
// Then they were what was kept of them, or, where that is damaged or gone, none, those
// of now, or those of now without what was added since.
func (cfg *PrepareConfig) restoreExclusions(plan *Plan) error {
	kept, err := ReadExclusions(filepath.Join(cfg.Dir, chunksDir, entriesFile))
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
		added = nil // gone too
	}
	for _, then := range []*Exclusions{kept, nil, cfg.Exclude, cfg.Exclude.without(added)} {
		if then.SHA256() == sum {
			err := cfg.Exclude.checkContains(then)
			cfg.Exclude = then
			return err
		}
	}
	return fmt.Errorf("run directory %s %w: the exclusions that it was prepared with are damaged or gone, "+
		"and those of now are others: run it once with those of then", cfg.Dir, ErrOtherInput)
}

// checkPlan is an error, which wraps [ErrOtherInput], where a plan is not that of then.
func (m *repair) checkPlan(p *Plan) error {
	if m == nil || m.begun == "" || m.begun == p.SHA256() {
		return nil
	}
	return fmt.Errorf("run directory %s %w: the lists, or what is asked to be made of them, are not those of the run, "+
		"and it must be prepared again (%w)", m.dir, ErrOtherInput, m.cause)
}

// listName is what a list was called then, which rows and rejects repeat.
func (m *repair) listName(i int, l List) string {
	if m == nil || m.plan == nil || i >= len(m.plan.Inputs) {
		return l.Path
	}
	return m.plan.Inputs[i].Name
}

// CheckRejects is an error where [RejectsFile] is not the one that was prepared.
func (p *Plan) CheckRejects() error { return checkFile(filepath.Join(p.dir, RejectsFile), p.Rejects) }

// checkFile is an error where the file path does not have the SHA-256 sum, or, if
// sum is "", is not there.
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
