package domains

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"stsscan/internal/durable"
)

// Files of the prepare step in the run directory.
const (
	chunksDir = "chunks"
	planFile  = "plan.json"
	lockFile  = "lock"

	temporaryPrefix = ".tmp-" // as durable.Sweep knows them
)

// planVersion is raised when the same list would give other names.
const planVersion = 1

// Counts account for each entry: Entries = Rejected + Excluded + Duplicates +
// Names.
type Counts struct {
	Entries    int64 `json:"entries"`
	Rejected   int64 `json:"rejected"`
	Excluded   int64 `json:"excluded"`
	Duplicates int64 `json:"duplicates"`
	Names      int64 `json:"names"`
	Skipped    int64 `json:"skipped"` // what was no entry: comments, blank lines, headers, records that name no domain
}

func (c *Counts) add(d Counts) {
	c.Entries += d.Entries
	c.Rejected += d.Rejected
	c.Excluded += d.Excluded
	c.Duplicates += d.Duplicates
	c.Names += d.Names
	c.Skipped += d.Skipped
}

// An Input is one list as it was read.
type Input struct {
	Name   string `json:"name"`   // as it was named; "-" is standard input
	SHA256 string `json:"sha256"` // of the list as it is stored, in hexadecimal
	Bytes  int64  `json:"bytes"`  // of the list as it is stored
	Format Format `json:"format,omitempty"`
	Counts
	Reasons map[Reason]int64 `json:"reasons,omitempty"` // rejected entries by reason
}

// A ChunkInfo describes the names of one part.
type ChunkInfo struct {
	FirstRank int64  `json:"first_rank"`
	LastRank  int64  `json:"last_rank"`
	Names     int64  `json:"names"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // of the chunk file, in hexadecimal
}

// A Plan says what a run surveys. It is stored in the run directory once all
// chunks are there, and does not change.
type Plan struct {
	Version         int      `json:"version"`
	Inputs          []Input  `json:"inputs"`
	Format          Format   `json:"format"` // as it was asked for
	DomainColumn    string   `json:"domain_column,omitempty"`
	Tags            []string `json:"tags,omitempty"`
	Limit           int64    `json:"limit,omitempty"`
	AllowSpecialUse bool     `json:"allow_special_use,omitempty"`
	Exclusions      string   `json:"exclusions,omitempty"` // Exclusions.SHA256
	Counts
	PartSize int64       `json:"part_size"` // in ranks
	Parts    int         `json:"parts"`
	Chunks   []ChunkInfo `json:"chunks"`

	dir string // the run directory
}

// ReadPlan reads the plan of a run directory. Its error is fs.ErrNotExist where
// the prepare step has not been finished.
func ReadPlan(dir string) (*Plan, error) {
	path := filepath.Join(dir, chunksDir, planFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &Plan{dir: dir}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (p *Plan) write(disk durable.Disk) error {
	data, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return err
	}
	return disk.WriteFile(filepath.Join(p.dir, chunksDir, planFile), append(data, '\n'))
}

// check holds the plan to its accounts.
func (p *Plan) check() error {
	if p.Version != planVersion {
		return fmt.Errorf("plan of version %d, this program has version %d", p.Version, planVersion)
	}
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

// SHA256 identifies what is surveyed, in hexadecimal: the contents of the
// lists, what was asked to be made of them, and how they are cut into parts.
// Where the run directory is and what the lists are called does not matter.
func (p *Plan) SHA256() string {
	q := Plan{
		Version: p.Version, Format: p.Format, DomainColumn: p.DomainColumn, Tags: p.Tags, Limit: p.Limit,
		AllowSpecialUse: p.AllowSpecialUse, Exclusions: p.Exclusions, PartSize: p.PartSize,
	}
	for _, in := range p.Inputs {
		q.Inputs = append(q.Inputs, Input{SHA256: in.SHA256})
	}
	data, _ := json.Marshal(q) // numbers and strings: it cannot fail
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Ranks are the first and the last rank of part k.
func (p *Plan) Ranks(k int) (first, last int64) {
	first = int64(k)*p.PartSize + 1
	return first, min(first+p.PartSize-1, p.Entries)
}

// Chunk reads the names of part k in order of rank. It checks as it goes: an
// error, which ends the names, may also come after the last one, so what was
// made of the names counts only once there was none.
func (p *Plan) Chunk(k int) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		if k < 0 || k >= len(p.Chunks) {
			yield(Name{}, fmt.Errorf("no part %d: the run has %d", k, len(p.Chunks)))
			return
		}
		path := filepath.Join(p.dir, chunksDir, chunkName(k))
		f, err := os.Open(path)
		if err != nil {
			yield(Name{}, err)
			return
		}
		defer f.Close()
		ok, err := p.readChunk(f, p.Chunks[k], func(n Name) bool { return yield(n, nil) })
		if ok && err != nil {
			yield(Name{}, fmt.Errorf("%s: %w", path, err))
		}
	}
}

// readChunk is false when yield is.
func (p *Plan) readChunk(f io.Reader, info ChunkInfo, yield func(Name) bool) (bool, error) {
	r, err := newPackedReader(f)
	if err != nil {
		return true, err
	}
	defer r.close()
	var rec record
	last, names := info.FirstRank-1, int64(0)
	for {
		_, err := r.next(&rec)
		if err == io.EOF {
			break
		}
		if err != nil {
			return true, fmt.Errorf("damaged chunk: %w", err)
		}
		if rec.rank <= last || rec.rank > info.LastRank || rec.list >= len(p.Inputs) || len(rec.tags) != len(p.Tags) {
			return true, fmt.Errorf("damaged chunk: rank %d has no place in it", rec.rank)
		}
		last, names = rec.rank, names+1
		if !yield(p.name(&rec)) {
			return false, nil
		}
	}
	if names != info.Names || r.raw.n != info.Bytes || r.sha256() != info.SHA256 {
		return true, errors.New("damaged chunk: it is not the one that the plan describes")
	}
	return true, nil
}

func (p *Plan) name(r *record) Name {
	n := Name{Domain: string(r.domain), Rank: r.rank, ListRank: r.listRank, List: p.Inputs[r.list].Name}
	for i, tag := range r.tags {
		if len(tag) == 0 {
			continue
		}
		if n.Tags == nil {
			n.Tags = make(map[string]string, len(r.tags))
		}
		n.Tags[p.Tags[i]] = unescape(tag)
	}
	return n
}

func chunkName(k int) string { return fmt.Sprintf("chunk-%06d.zst", k) }

// Sizes of parts, in ranks. Short lists get many small parts, so that a kill
// never costs much; long lists get parts that are worth a file each.
const (
	minPartSize = 1 << 6
	maxPartSize = 1 << 19
	manyParts   = 128
)

// partSize is the size of the parts for a number of entries.
func partSize(entries int64) int64 {
	n := int64(minPartSize)
	for n < maxPartSize && partCount(entries, n) > manyParts {
		n *= 2
	}
	return n
}

func partCount(entries, size int64) int64 { return (entries + size - 1) / size }
