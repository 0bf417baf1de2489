package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stsscan/internal/durable"
)

// A Status says how far a run came.
type Status string

const (
	StatusRunning    Status = "running"    // or killed: it had no time to say otherwise
	StatusComplete   Status = "complete"   // every part is whole, and no row provisional
	StatusSuspect    Status = "suspect"    // as complete, and there is reason to doubt its figures
	StatusIncomplete Status = "incomplete" // stopped early; the same command goes on
)

// Statuses lists every Status.
func Statuses() []Status {
	return []Status{StatusRunning, StatusComplete, StatusSuspect, StatusIncomplete}
}

// Finished says that nothing is left to do.
func (s Status) Finished() bool { return s == StatusComplete || s == StatusSuspect }

// A Manifest is the record of a run: run.json, or one file for each shard. It
// is what a paper cites. Keys are only ever added.
type Manifest struct {
	SchemaVersion string     `json:"schema_version"`     // of the table and of this file
	Version       string     `json:"version"`            // of the program
	Status        Status     `json:"status"`             //
	Reasons       []string   `json:"reasons,omitempty"`  // why the run is not complete, or suspect, in words
	StartedAt     time.Time  `json:"started_at"`         // of the first process that worked on the run
	EndedAt       *time.Time `json:"ended_at,omitempty"` // of the last one; none while it runs
	Shard         *Shard     `json:"shard,omitempty"`    // none where one machine does it all
	From          *Lineage   `json:"from,omitempty"`     // the run whose rows were asked again; none for a run of its own

	Config     map[string]string `json:"config,omitempty"`             // flags as given, defaults included
	Contact    string            `json:"contact,omitempty"`            // whom the hosts that were contacted can ask
	Resolvers  []Resolver        `json:"resolvers,omitempty"`          // that were asked
	Trust      *Trust            `json:"trust,omitempty"`              // why they can be believed
	Manners    Manners           `json:"manners"`                      // what the limits for each Policy Host have cost
	Roots      Roots             `json:"roots"`                        // that certificates were held against
	PublicList string            `json:"public_suffix_list,omitempty"` // version of the public suffix list

	Connections []Connections `json:"connections,omitempty"` // how they went, by port and address family

	Plan       Plan    `json:"plan"`                 // of the whole run, all shards
	Inputs     []Input `json:"inputs,omitempty"`     // of the whole run, in order
	Exclusions string  `json:"exclusions,omitempty"` // SHA-256 of the list of those who opted out

	Counts   Counts     `json:"counts"`          // of the rows in Parts
	Adoption Adoption   `json:"adoption"`        // among the rows in Parts
	Parts    []PartInfo `json:"parts,omitempty"` // whole part files, in order
}

// A Shard is one of several machines that share a run: it scans the parts k
// with k mod Of = Index.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// A Lineage says which rows of which run a run was made of.
type Lineage struct {
	Run      string   `json:"run"`      // name of its directory, as it was given
	Only     string   `json:"only"`     // class that the rows were of
	Rows     int64    `json:"rows"`     // of that class
	Plan     string   `json:"plan"`     // SHA-256 of its plan
	Status   Status   `json:"status"`   // it had then
	Manifest []string `json:"manifest"` // SHA-256 of its manifests, in order
}

// A Plan says how the entries of the lists were divided into parts.
type Plan struct {
	SHA256   string `json:"sha256"`    // identity of lists, exclusions, format and part size
	PartSize int64  `json:"part_size"` // ranks in a part
	Parts    int    `json:"parts"`     // number of parts
}

// An Input accounts for one list: Entries = Rejected + Excluded + Duplicates +
// Names.
type Input struct {
	Name       string           `json:"name"`              // as it was named; "-" is standard input
	SHA256     string           `json:"sha256"`            // of the file as it was read
	Bytes      int64            `json:"bytes"`             // of the file as it was read
	Format     string           `json:"format,omitempty"`  // in which it was read
	Entries    int64            `json:"entries"`           //
	Rejected   int64            `json:"rejected"`          // no domain name that could be asked for
	Reasons    map[string]int64 `json:"reasons,omitempty"` // why, summing to Rejected
	Excluded   int64            `json:"excluded"`          // opted out
	Duplicates int64            `json:"duplicates"`        // named before
	Skipped    int64            `json:"skipped"`           // comments, headers and the like, which are no entries
	Names      int64            `json:"names"`             // one row each
}

// A Resolver is an upstream, and how it did.
type Resolver struct {
	Addr       string `json:"addr"` // host:port
	Asked      int64  `json:"asked"`
	Answered   int64  `json:"answered"`
	Timeouts   int64  `json:"timeouts"`
	Servfail   int64  `json:"servfail"`
	Refused    int64  `json:"refused"`
	Mismatched int64  `json:"mismatched"` // packets that were no answer to a question
	TCP        int64  `json:"tcp"`        // answers over TCP

	CanariesGood   int64 `json:"canaries_good"`   // times that names whose answers are known came out well
	CanariesFailed int64 `json:"canaries_failed"` // had no answer
	CanariesWrong  int64 `json:"canaries_wrong"`  // had an answer that cannot be true
	Stopped        int64 `json:"stopped"`         // times that it was not asked for a while because of that
}

// Manners count what the limits for each address and network have cost.
type Manners struct {
	Waited int64 `json:"waited"`  // connections that had to wait for their turn
	PutOff int64 `json:"put_off"` // connections that were not made when they were wanted, because it would have been too often
	Held   int64 `json:"held"`    // responses that asked not to be asked again for a while
}

// Roots are the certificates that were trusted.
type Roots struct {
	Source string `json:"source"`         // "bundle", or the name of a file
	Date   string `json:"date,omitempty"` // of the bundle
}

// Name is the file name of the manifest.
func (m *Manifest) Name() string { return ManifestName(m.Shard) }

// ManifestName is the file name of the manifest of a shard; nil is a run
// without shards.
func ManifestName(s *Shard) string {
	if s == nil {
		return "run.json"
	}
	return fmt.Sprintf("run-%d-of-%d.json", s.Index, s.Of)
}

// Write writes the manifest to the directory dir, whole or not at all. It
// fills in SchemaVersion, and Adoption from Counts.
func (m *Manifest) Write(dir string) error { return m.WriteOn(durable.Disk{}, dir) }

// WriteOn is [Manifest.Write] to a directory of a disk.
func (m *Manifest) WriteOn(disk durable.Disk, dir string) error {
	m.SchemaVersion = SchemaVersion
	m.Adoption = m.Counts.Adoption()
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name(), err)
	}
	return disk.WriteFile(filepath.Join(dir, m.Name()), append(data, '\n'))
}

// ReadManifest reads a manifest that [Manifest.Write] wrote. Keys that it does
// not know are no error: a newer program may have added them.
func ReadManifest(path string) (*Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s is not the manifest of a run: %w", path, describe(err, data))
	}
	switch {
	case m.SchemaVersion == "":
		return nil, fmt.Errorf("%s is not the manifest of a run: it has no schema_version", path)
	case m.SchemaVersion != SchemaVersion:
		return nil, fmt.Errorf("%s: its schema is version %q, and this program knows version %s", path, m.SchemaVersion, SchemaVersion)
	case !slices.Contains(Statuses(), m.Status):
		return nil, fmt.Errorf("%s: status %q is unknown", path, m.Status)
	case m.Shard != nil && (m.Shard.Index < 0 || m.Shard.Index >= m.Shard.Of):
		return nil, fmt.Errorf("%s: there is no shard %d of %d", path, m.Shard.Index, m.Shard.Of)
	case m.Name() != filepath.Base(path):
		return nil, fmt.Errorf("%s says that its name is %s", path, m.Name())
	}
	return m, nil
}

// describe adds the line to an error of package json.
func describe(err error, data []byte) error {
	var offset int64
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	} else {
		return err
	}
	line := 1 + strings.Count(string(data[:min(offset, int64(len(data)))]), "\n")
	return fmt.Errorf("line %d: %w", line, err)
}

// ReadManifests reads the manifests in the directory dir: that of the run, or
// those of its shards, in order. There must be one.
func ReadManifests(dir string) ([]*Manifest, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var manifests []*Manifest
	for _, entry := range entries {
		name := entry.Name()
		var index, of int
		n, _ := fmt.Sscanf(name, "run-%d-of-%d.json", &index, &of)
		if name != "run.json" && (n != 2 || name != ManifestName(&Shard{index, of})) {
			continue
		}
		m, err := ReadManifest(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, m)
	}
	if len(manifests) == 0 {
		return nil, fmt.Errorf("%s: no run.json: %w", dir, fs.ErrNotExist)
	}
	slices.SortFunc(manifests, func(a, b *Manifest) int {
		if a.Shard == nil || b.Shard == nil {
			return strings.Compare(a.Name(), b.Name())
		}
		return a.Shard.Index - b.Shard.Index
	})
	return manifests, nil
}
