package domains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"stsscan/internal/durable"
)

// ErrOtherInput says that a run directory belongs to another input.
var ErrOtherInput = errors.New("belongs to another input")

// A List is a list of domains to survey.
type List struct {
	Path string // "-" is standard input
}

// A PrepareConfig says what to survey.
type PrepareConfig struct {
	Dir             string         // run directory; made if need be
	Lists           []List         // one at least, standard input at most once
	Stdin           io.Reader      // for the list "-"
	Format          Format         // of all lists; "": FormatAuto
	DomainColumn    string         // of CSV lists, by header or 1-based number; "": found
	Tags            []string       // columns of CSV lists to carry, by header
	Limit           int64          // only so many entries; 0: all
	Exclude         *Exclusions    // who opted out; nil: no name
	AllowSpecialUse bool           // see Rules
	PartSize        int64          // in ranks; 0: by the number of entries, or as the run directory has it
	MemoryBudget    int64          // for finding duplicates, in octets; 0: 64 MiB
	Progress        func(Progress) // told often, in the goroutine of Prepare; nil: nothing is
	Disk            durable.Disk   // what is kept is written here; the zero Disk is the real one

	Owns func(k int) bool // the parts whose chunks matter; nil: all

	// Begun gives the SHA-256 of the plan that the run was begun with, and that of its
	// Exclusions; "" where nothing tells. Nil: nothing does.
	Begun func() (plan, exclusions string)

	Damaged func(error) // told of what was damaged or gone, and is prepared again; nil: none is
}

// defaultMemoryBudget is for finding duplicates. Half of it fills up with the first
// 4*10^6 names, and what does not fit costs a write of eight octets and a read.
// The peak of the whole process preparing 10^6, 10^7 and 10^8 names, none of
// them twice, was 33, 97 and 121 MiB: besides the budget and what the collector
// lets lie, one bit a name. On disk, what takes the most is the spool and the
// chunks: each has the names and one octet for each.
const defaultMemoryBudget = 64 << 20

// Prepare reads the lists of a run once, in order, and leaves their names in
// the run directory, in chunks of which part k has the names of the ranks
// k*PartSize+1 to (k+1)*PartSize. Entries that are rejected or excluded are
// listed in [RejectsFile]; of names that come again, the first counts.
//
// Where the run directory has a plan already, the lists are only read to see
// that they are the same; an error that wraps [ErrOtherInput] says what is not. The
// Exclusions may be more than they were; one that wraps [ErrEntryGone] says what is
// missing. All chunks are read, too: where one, the plan or [RejectsFile] is damaged
// or gone, everything is prepared again, if the lists are the same. A plan that was
// not finished is begun afresh. Where another process prepares the same directory,
// Prepare waits for it.
//
// A list without one valid name is an error. After any error there is no plan.
// Prepare stops soon after ctx is done, though not while a read of standard
// input hangs.
func Prepare(ctx context.Context, cfg PrepareConfig) (*Plan, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	plan, wrong, err := cfg.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if plan != nil && wrong == nil {
		return cfg.reuse(ctx, plan)
	}
	chunks := filepath.Join(cfg.Dir, chunksDir)
	if err := os.MkdirAll(chunks, 0o755); err != nil {
		return nil, err
	}
	cfg.report(Progress{Stage: StageWait})
	lock, err := durable.WaitLock(ctx, filepath.Join(chunks, lockFile))
	if err != nil {
		return nil, err
	}
	plan, err = cfg.prepareLocked(ctx)
	return plan, joinErrors(err, lock.Unlock())
}

// prepareLocked prepares the run directory, unless somebody else did while we
// waited for the lock.
func (cfg *PrepareConfig) prepareLocked(ctx context.Context) (*Plan, error) {
	plan, wrong, err := cfg.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if plan != nil && wrong == nil {
		return cfg.reuse(ctx, plan)
	}
	m, err := cfg.newRepair(plan, wrong)
	if err != nil {
		return nil, err
	}
	if err := cfg.sweep(m == nil); err != nil {
		return nil, err
	}
	p := newPreparation(cfg)
	p.repair = m
	plan, err = p.run(ctx)
	if err == nil {
		return plan, nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("prepare %s: %w", cfg.Dir, context.Cause(ctx))
	}
	return nil, joinErrors(err, errors.Join(p.abort(), cfg.sweep(m == nil)))
}

// check refuses what cannot be meant, before anything is written.
func (cfg *PrepareConfig) check() error {
	cfg.Lists, cfg.Tags = slices.Clone(cfg.Lists), slices.Clone(cfg.Tags)
	if cfg.Format != FormatRows {
		format, err := ParseFormat(string(cfg.Format))
		if err != nil {
			return err
		}
		cfg.Format = format
	}
	if cfg.MemoryBudget <= 0 {
		cfg.MemoryBudget = defaultMemoryBudget
	}
	switch {
	case cfg.Dir == "":
		return errors.New("no run directory")
	case len(cfg.Lists) == 0:
		return errors.New("no list of domains")
	case cfg.Limit < 0 || cfg.PartSize < 0:
		return errors.New("a limit or a part size below zero")
	case cfg.needsColumns() && cfg.Format != FormatAuto && !cfg.Format.hasColumns():
		return fmt.Errorf("%s lists have no columns", cfg.Format)
	}
	for i, tag := range cfg.Tags {
		if !utf8.ValidString(tag) {
			return fmt.Errorf("tag %q: not valid UTF-8", tag)
		}
		if slices.ContainsFunc(cfg.Tags[:i], func(t string) bool { return strings.EqualFold(t, tag) }) {
			return fmt.Errorf("tag %q is asked for twice", tag)
		}
	}
	stdin := 0
	for _, l := range cfg.Lists {
		if l.Path == "-" {
			stdin++
			continue
		}
		if _, err := os.Stat(l.Path); err != nil {
			return openError(err)
		}
	}
	if stdin > 1 {
		return errors.New("standard input is listed twice")
	}
	return nil
}

// openError words an error of os.Stat as os.Open would.
func openError(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "open", Path: pe.Path, Err: pe.Err}
	}
	return err
}

func (cfg *PrepareConfig) needsColumns() bool { return cfg.DomainColumn != "" || len(cfg.Tags) > 0 }

// sweep removes what a prepare step that was not finished left behind; its chunks
// too, unless other shards may be reading them.
func (cfg *PrepareConfig) sweep(all bool) error {
	if err := cfg.Disk.Sweep(cfg.Dir, func(name string) bool { return name == RejectsFile }); err != nil {
		return err
	}
	chunks := filepath.Join(cfg.Dir, chunksDir)
	entries, err := os.ReadDir(chunks)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ok, _ := filepath.Match("chunk-*", e.Name()); !ok && e.Name() != entriesFile || !all {
			continue
		}
		if err := os.Remove(filepath.Join(chunks, e.Name())); err != nil {
			return err
		}
	}
	return cfg.Disk.Sweep(chunks, nil)
}

// joinErrors is err and what went wrong in tidying up after it, on one line.
func joinErrors(err, also error) error {
	if err == nil || also == nil {
		return cmp.Or(err, also)
	}
	return fmt.Errorf("%w (then %w)", err, also)
}
