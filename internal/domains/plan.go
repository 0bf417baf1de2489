package domains

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"stsscan/internal/durable"
)

// Files of the prepare step in the run directory.
const (
	ChunksDir   = "chunks"         // where the names are, until RemoveChunks
	PlanFile    = "plan.json"      // written last
	EntriesFile = "exclusions.txt" // the entries of Plan.Exclusions, in order, one a line; not there if there are none
	lockFile    = ".prepare.lock"
)

// planVersion is raised when the same list would give other names, or when chunks are written in another way. Up to
// version 3 the plan was among the chunks.
const planVersion = 5

// Counts account for all entries: Entries = Rejected + Excluded + Duplicates + Names.
type Counts struct {
	Entries    int64 `json:"entries"`
	Rejected   int64 `json:"rejected"`
	Excluded   int64 `json:"excluded"`
	Duplicates int64 `json:"duplicates"`
	Names      int64 `json:"names"`
	Skipped    int64 `json:"skipped"` // no entries: comments, blank lines, headers, records that name no domain

	OtherTags int64 `json:"duplicates_other_tags,omitempty"` // of Duplicates: see DuplicatesFile
}

func (c *Counts) add(d Counts) {
	c.Entries += d.Entries
	c.Rejected += d.Rejected
	c.Excluded += d.Excluded
	c.Duplicates += d.Duplicates
	c.Names += d.Names
	c.OtherTags += d.OtherTags
	c.Skipped += d.Skipped
}

// An Input is one list as it was read.
type Input struct {
	Name   string `json:"name"`   // as the user named it; "-" is standard input
	SHA256 string `json:"sha256"` // of the list as it is stored, in hexadecimal
	Bytes  int64  `json:"bytes"`  // of the list as it is stored
	Format Format `json:"format,omitempty"`
	Counts
	Reasons map[Reason]int64 `json:"reasons,omitempty"`  // rejected entries by reason
	Taken   map[Reason]int64 `json:"taken,omitempty"`    // names and duplicates whose host was taken, by what they are
	LeftOut []string         `json:"left_out,omitempty"` // files of an archive that are no lists: the first of them
}

// A ChunkInfo describes the names of one part.
type ChunkInfo struct {
	FirstRank int64  `json:"first_rank"`
	LastRank  int64  `json:"last_rank"`
	Names     int64  `json:"names"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // of the chunk file, in hexadecimal
}

// A Plan says what a run surveys. It is stored in the run directory once all chunks are written, and does not
// change.
type Plan struct {
	Version         int      `json:"version"`
	Inputs          []Input  `json:"inputs"`
	Format          Format   `json:"format"` // as the user asked for it
	DomainColumn    string   `json:"domain_column,omitempty"`
	Tags            []string `json:"tags,omitempty"`
	Limit           int64    `json:"limit,omitempty"`
	AllowSpecialUse bool     `json:"allow_special_use,omitempty"`
	StrictNames     bool     `json:"strict_names,omitempty"`
	Registered      bool     `json:"registered,omitempty"` // PrepareConfig.Names is NamesRegistered
	Exclusions      string   `json:"exclusions,omitempty"` // Exclusions.SHA256 of those that the names were prepared with
	Counts
	PartSize int64       `json:"part_size"` // in ranks
	Parts    int         `json:"parts"`
	Chunks   []ChunkInfo `json:"chunks"`
	Rejects  string      `json:"rejects,omitempty"`  // SHA-256 of RejectsFile, in hexadecimal
	Checksum string      `json:"checksum,omitempty"` // of the file: see durable.Seal

	DuplicatesSHA256 string `json:"duplicates_sha256,omitempty"` // of DuplicatesFile, in hexadecimal; "": there is none

	dir string // the run directory
}

// ErrDamagedPlan says that the plan of a run directory is not as it was written.
var ErrDamagedPlan = errors.New("damaged plan")

// ErrOtherProgram says that the run was begun by a version of the program that makes other names of the same
// lists.
var ErrOtherProgram = errors.New("the run was begun by another version of the program, which can resume it")

// ReadPlan reads the plan of a run directory. Its error is fs.ErrNotExist if the prepare step was not finished.
// It wraps [ErrDamagedPlan] if the file is not as it was written, and [ErrOtherProgram] if it is of another
// version.
func ReadPlan(dir string) (*Plan, error) {
	path := filepath.Join(dir, PlanFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if old := filepath.Join(dir, ChunksDir, PlanFile); exists(old) {
			return nil, fmt.Errorf("%s: %w", old, ErrOtherProgram)
		}
	}
	if err != nil {
		return nil, err
	}
	p := &Plan{dir: dir}
	err = durable.CheckSeal(data)
	if err == nil {
		err = json.Unmarshal(data, p)
	}
	if err == nil && p.Version != planVersion {
		return nil, fmt.Errorf("%s: %w: plan of version %d, this program has version %d",
			path, ErrOtherProgram, p.Version, planVersion)
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamagedPlan, err)
	}
	p.Checksum = "" // belongs to the file
	return p, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func (p *Plan) write(disk durable.Disk) error {
	sealed := *p
	sealed.Checksum = durable.NoSeal
	return disk.WriteSealed(filepath.Join(p.dir, PlanFile), &sealed, "\t")
}

// check compares the accounts of the plan.
func (p *Plan) check() error {
	var total Counts
	for _, in := range p.Inputs {
		total.add(in.Counts)
		if in.Entries != in.Rejected+in.Excluded+in.Duplicates+in.Names {
			return fmt.Errorf("the entries of %s are not all accounted for", in.Name)
		}
	}
	names := int64(0)
	for _, c := range p.Chunks {
		names += c.Names
	}
	switch {
	case total != p.Counts:
		return errors.New("the inputs do not add up to the total")
	case names != p.Names:
		return errors.New("the chunks do not add up to the names")
	case p.PartSize < 1 || p.Parts != len(p.Chunks) || int64(p.Parts) != partCount(p.Entries, p.PartSize):
		return errors.New("the number of parts is wrong")
	}
	return nil
}

// SHA256 identifies what is surveyed, in hexadecimal: the contents of the lists, how they are read, and how they
// are cut into parts. The path of the run directory and the names of the lists do not matter.
func (p *Plan) SHA256() string {
	q := Plan{
		Version: p.Version, Format: p.Format, DomainColumn: p.DomainColumn, Tags: p.Tags, Limit: p.Limit,
		AllowSpecialUse: p.AllowSpecialUse, StrictNames: p.StrictNames, Registered: p.Registered,
		Exclusions: p.Exclusions, PartSize: p.PartSize,
	}
	for _, in := range p.Inputs {
		q.Inputs = append(q.Inputs, Input{SHA256: in.SHA256})
	}
	data, _ := json.Marshal(q) // numbers and strings: it cannot fail
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ReadExclusions reads the Exclusions that the names were prepared with; nil: none.
func (p *Plan) ReadExclusions() (*Exclusions, error) {
	if p.Exclusions == "" {
		return nil, nil
	}
	path := filepath.Join(p.dir, EntriesFile)
	x, err := ReadExclusions(path)
	if err != nil {
		return nil, err
	}
	if x.SHA256() != p.Exclusions {
		return nil, fmt.Errorf("%s: damaged: it is not the one that the plan describes", path)
	}
	return x, nil
}

// count adds to the counts of a list and of all.
func (p *Plan) count(list int, c Counts) {
	p.Inputs[list].Counts.add(c)
	p.Counts.add(c)
}

// listOf is the list that has an entry.
func (p *Plan) listOf(rank int64) int {
	for i := range p.Inputs {
		if rank -= p.Inputs[i].Entries; rank <= 0 {
			return i
		}
	}
	return len(p.Inputs) - 1
}

// Ranks returns the first and the last rank of part k.
func (p *Plan) Ranks(k int) (first, last int64) {
	first = int64(k)*p.PartSize + 1
	return first, min(first+p.PartSize-1, p.Entries)
}

// tags are the tags of a name that are not empty, from their stored form.
func (p *Plan) tags(stored []byte) map[string]string {
	var tags map[string]string
	for _, name := range p.Tags {
		tag, _ := cutTag(&stored)
		if len(tag) == 0 {
			continue
		}
		if tags == nil {
			tags = make(map[string]string, len(p.Tags))
		}
		tags[name] = string(tag)
	}
	return tags
}

// ChunkName is the name of the file in [ChunksDir] with the names of part k.
func ChunkName(k int) string { return fmt.Sprintf("chunk-%06d.names", k) }

// Sizes of parts, in ranks. Short lists get many small parts, so that a kill never costs much. Long lists get
// parts that are worth a file each.
const (
	minPartSize = 1 << 6
	maxPartSize = 1 << 19
	manyParts   = 64
)

// partSize is the size of the parts for a number of entries: the largest that makes more than half of many parts, which
// are manyParts or more.
func partSize(entries, many int64) int64 {
	n := int64(minPartSize)
	for n < maxPartSize && partCount(entries, n) > max(many, manyParts) {
		n *= 2
	}
	return n
}

func partCount(entries, size int64) int64 { return (entries + size - 1) / size }
