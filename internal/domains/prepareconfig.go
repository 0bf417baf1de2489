package domains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"stsscan/internal/codes"
	"stsscan/internal/durable"
	"stsscan/internal/listfile"
)

// ErrOtherInput says that a run directory was prepared from another input.
var ErrOtherInput = errors.New("belongs to another input")

// A List is a list of domains to survey.
type List struct {
	Path string // "-" is standard input
}

// A PrepareConfig says what to survey.
type PrepareConfig struct {
	Dir             string         // run directory; made if it is not there
	Lists           []List         // one at least, standard input at most once
	Stdin           io.Reader      // for the list "-"
	Format          Format         // of all lists; "": FormatAuto
	DomainColumn    string         // of CSV lists, by header or 1-based number; "": detected
	Tags            []string       // columns of CSV lists to carry, by header
	Limit           int64          // number of entries to read; 0: all
	Exclude         *Exclusions    // who opted out; nil: none
	AllowSpecialUse bool           // see Rules
	StrictNames     bool           // see Rules
	Names           Names          // "": NamesAsGiven
	PartSize        int64          // in ranks; 0: by the number of entries, or as the run directory has it
	ManyParts       int64          // with PartSize 0, more parts than half of this if there are as many entries; 0: 64
	MemoryBudget    int64          // for finding duplicates, in octets; 0: 64 MiB
	Progress        func(Progress) // called often, in the goroutine of Prepare; nil: not called
	Disk            durable.Disk   // to write on; the zero Disk is that of the operating system

	// Elsewhere says that the rejected and the repeated entries of an earlier preparation may be kept in another place,
	// so that it is no damage if their files are gone.
	Elsewhere bool

	Removed bool // RemoveChunks may have removed the names, so that it is no damage if they are gone

	Needs func(k int) bool // whether the names of part k are needed; nil: all are. A first preparation makes all

	// Begun returns the SHA-256 of the plan that the run was begun with, and that of its Exclusions; "": unknown.
	// Nil: both are unknown.
	Begun func() (plan, exclusions string)

	Damaged func(error) // called for what is damaged or gone, and is prepared again; nil: not called
}

// Names says which names of the lists are surveyed.
type Names string

const (
	NamesAsGiven    Names = "as_given"
	NamesRegistered Names = "registered" // their registered domains, by the public suffix list
)

// CheckNames refuses what is no [Names].
func CheckNames(form string) error {
	if forms := []Names{NamesAsGiven, NamesRegistered}; !slices.Contains(forms, Names(form)) {
		return codes.Unknown(form, forms)
	}
	return nil
}

// defaultMemoryBudget is for finding duplicates. Half of it fills up with the first 4*10^6 names; each name
// beyond costs a write and a read of eight octets. The whole process took 33, 97 and 121 MiB at its peak for
// 10^6, 10^7 and 10^8 names without duplicates. Beside the budget and garbage, that is one bit a name. On disk,
// spool and chunks take the most: each has the names and one octet for each.
const defaultMemoryBudget = 64 << 20

// check validates the configuration before anything is written.
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
	if err := CheckNames(string(cmp.Or(cfg.Names, NamesAsGiven))); err != nil {
		return fmt.Errorf("names %w", err)
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

func (cfg *PrepareConfig) needsColumns() bool { return cfg.DomainColumn != "" || len(cfg.Tags) > 0 }

// report calls Progress, if there is one.
func (cfg *PrepareConfig) report(p Progress) {
	if cfg.Progress != nil {
		cfg.Progress(p)
	}
}

// onRead returns the function that package listfile calls on each read. It reports the progress over all lists, and
// stops the reading when ctx is done.
func (cfg *PrepareConfig) onRead(ctx context.Context, entries func() int64) func(n int64) error {
	at := Progress{Stage: StageRead}
	for _, l := range cfg.Lists {
		info, err := os.Stat(l.Path)
		if err != nil || !info.Mode().IsRegular() {
			at.Total = 0
			break
		}
		at.Total += info.Size()
	}
	return func(n int64) error {
		at.Done, at.Entries = at.Done+n, entries()
		cfg.report(at)
		return ctx.Err()
	}
}

// A Stage is a step of [Prepare].
type Stage string

// The stages, in order. A run directory that was prepared before has StageCheck, and StageRead again, since the
// lists must be the same.
const (
	StageCheck   Stage = "checking what was prepared" // in parts
	StageWait    Stage = "waiting for another process that prepares the lists"
	StageRead    Stage = "reading the lists" // in octets, as they are stored
	StageRepeats Stage = "finding repeats"
	StageWrite   Stage = "writing parts" // in parts
)

// A Progress says how far [Prepare] has come.
type Progress struct {
	Stage   Stage
	Done    int64 // octets or parts
	Total   int64 // of them; 0: unknown, as with standard input
	Entries int64 // of the lists so far; 0 before they are read
}

// reportEvery is the most entries between two reports: decompressed text goes on after the last octet was read.
const reportEvery = 1 << 16

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
	if archive, err := listfile.IsArchive(path); archive || err != nil {
		return "", err
	}
	src, err := listfile.Open(path, listfile.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = durable.JoinErrors(err, src.Close()) }()
	r, err := NewReader(path, src, Layout{Format: cfg.Format, DomainColumn: cfg.DomainColumn, Tags: cfg.Tags})
	switch {
	case err == nil:
		return r.Format(), nil
	case cfg.needsColumns():
		return "", fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return "", err
}
