package output

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"stsscan/internal/durable"
)

// A Status is how far a run got.
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

// Finished reports whether nothing is left to do.
func (s Status) Finished() bool { return s == StatusComplete || s == StatusSuspect }

// A Manifest is the record of a run: run.json, or one file for each shard. It is what a paper cites. Keys are only
// ever added.
type Manifest struct {
	SchemaVersion string     `json:"schema_version"`     // of the table and of this file
	Run           string     `json:"run,omitempty"`      // Identity.Run of all parts; empty: of an older program
	Version       string     `json:"version"`            // of the program
	Status        Status     `json:"status"`             //
	Reasons       []string   `json:"reasons,omitempty"`  // why the run is not complete, or suspect, in words
	StartedAt     time.Time  `json:"started_at"`         // of the first process that worked on the run
	EndedAt       *time.Time `json:"ended_at,omitempty"` // of the last one; none while it runs
	Shard         *Shard     `json:"shard,omitempty"`    // none where one machine does it all
	Merged        *Merged    `json:"merged,omitempty"`   // from which shards it was made, once they have all finished
	From          *Lineage   `json:"from,omitempty"`     // the run whose rows were asked again; none for a run of its own

	Config     map[string]string `json:"config,omitempty"`             // flags in force, defaults too; no passwords
	ConfigFile *ConfigFile       `json:"config_file,omitempty"`        // that flags were set by; none: no file was named
	Surveys    int               `json:"surveys,omitempty"`            // of Config, or the default of the last process
	Contact    string            `json:"contact,omitempty"`            // for the operators of contacted hosts
	Resolvers  []Resolver        `json:"resolvers,omitempty"`          // that were asked
	Trust      *Trust            `json:"trust,omitempty"`              // why they can be believed
	Manners    Manners           `json:"manners"`                      // what the limits for each Policy Host have cost
	Roots      Roots             `json:"roots"`                        // that certificates were held against
	PublicList string            `json:"public_suffix_list,omitempty"` // version of the public suffix list

	Connections []Connections `json:"connections,omitempty"` // how they went, by port and address family

	Performance *Performance `json:"performance,omitempty"` // how fast the run was, and what it waited for

	Plan       Plan    `json:"plan"`                 // of the whole run, all shards
	Inputs     []Input `json:"inputs,omitempty"`     // of the whole run, in order
	Exclusions string  `json:"exclusions,omitempty"` // SHA-256 of the list of those who opted out, as it was prepared

	// ExclusionVersions are the versions of that list that this shard has read.
	ExclusionVersions []ExclusionVersion `json:"exclusion_versions,omitempty"`

	// ExcludedLate is the number of names in Parts that have no row because they opted out after the lists were
	// prepared: Parts have Counts.Rows and ExcludedLate names.
	ExcludedLate int64 `json:"excluded_late,omitempty"`

	Counts   Counts     `json:"counts"`          // of the rows in Parts
	Adoption Adoption   `json:"adoption"`        // among the rows in Parts
	Parts    []PartInfo `json:"parts,omitempty"` // whole part files, in order

	// Damaged is what processes found damaged or missing when they began, and did again.
	Damaged []string `json:"damaged,omitempty"`

	Checksum string `json:"checksum,omitempty"` // of the file: see durable.Seal
	Altered  bool   `json:"-"`                  // the file was changed after it was written: its checksum is wrong
}

// A ConfigFile is a file of settings.
type ConfigFile struct {
	Name   string `json:"name"`   // as it was given
	SHA256 string `json:"sha256"` // of its octets, in hexadecimal
}

// An ExclusionVersion is the list of those who opted out, as it was at a time.
type ExclusionVersion struct {
	SHA256    string    `json:"sha256"`     // of its entries, in hexadecimal
	Entries   int       `json:"entries"`    // number of them
	FirstSeen time.Time `json:"first_seen"` // when it was first read
}

// A Shard is one of several machines that share a run. It scans the parts k with k mod Of = Index.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// Number is how many shards the run has. Nil is of a run that has only one.
func (s *Shard) Number() int {
	if s == nil {
		return 1
	}
	return s.Of
}

// Position is the index of the shard; 0 for nil.
func (s *Shard) Position() int {
	if s == nil {
		return 0
	}
	return s.Index
}

// A Lineage is the rows of another run that a run was made from.
type Lineage struct {
	Run      string   `json:"run"`      // name of its directory, as it was given
	Only     string   `json:"only"`     // class that the rows were of
	Rows     int64    `json:"rows"`     // of that class
	Plan     string   `json:"plan"`     // SHA-256 of its plan
	Status   Status   `json:"status"`   // it had then
	Manifest []string `json:"manifest"` // SHA-256 of its manifests, in order

	Limit int64    `json:"limit,omitempty"` // entries of its lists that it asked; 0: all
	From  *Lineage `json:"from,omitempty"`  // the run that it was made from itself
}

// OtherTags is the number of lines of duplicates.jsonl.
func (m *Manifest) OtherTags() (n int64) {
	for _, in := range m.Inputs {
		n += in.OtherTags
	}
	return n
}

// Limit is the number of entries of the lists after which the run stopped; 0: it asked them all.
func (m *Manifest) Limit() int64 {
	var entries int64
	for _, in := range m.Inputs {
		entries += in.Entries
	}
	limit, err := strconv.ParseInt(m.Config["limit"], 10, 64)
	if err != nil || entries < limit {
		return 0
	}
	return limit
}

// A Plan is how the entries of the lists were divided into parts.
type Plan struct {
	SHA256   string `json:"sha256"`    // identity of lists, exclusions, format and part size
	PartSize int64  `json:"part_size"` // ranks in a part
	Parts    int    `json:"parts"`     // number of parts
}

// An Input accounts for one list: Entries = Rejected + Excluded + Duplicates + Names.
type Input struct {
	Name       string           `json:"name"`              // as it was named; "-" is standard input
	SHA256     string           `json:"sha256"`            // of the file as it was read
	Bytes      int64            `json:"bytes"`             // of the file as it was read
	Format     string           `json:"format,omitempty"`  // in which it was read
	Entries    int64            `json:"entries"`           //
	Rejected   int64            `json:"rejected"`          // no domain names
	Reasons    map[string]int64 `json:"reasons,omitempty"` // why, summing to Rejected
	Taken      map[string]int64 `json:"taken,omitempty"`   // names and duplicates that are hosts of URLs and the like
	Excluded   int64            `json:"excluded"`          // opted out
	Duplicates int64            `json:"duplicates"`        // named before
	Skipped    int64            `json:"skipped"`           // comments, headers and the like, which are no entries
	Names      int64            `json:"names"`             // one row each, unless they were excluded late

	// LeftOut are the first files of an archive that were left out, since they are no lists, and how many are beyond.
	LeftOut []string `json:"left_out,omitempty"`
	// OtherTags are the Duplicates whose tags differ from those of the row, the lines of duplicates.jsonl.
	OtherTags int64 `json:"duplicates_other_tags,omitempty"`
}

// A Resolver is an upstream with its counts.
type Resolver struct {
	Addr       string `json:"addr"` // host:port
	Asked      int64  `json:"asked"`
	Answered   int64  `json:"answered"`
	Timeouts   int64  `json:"timeouts"`
	Servfail   int64  `json:"servfail"`
	Refused    int64  `json:"refused"`
	Mismatched int64  `json:"mismatched"` // packets that were no answer to a question
	TCP        int64  `json:"tcp"`        // answers over TCP

	// Questions that it was allowed in flight while there were more to ask: the least, and the median; 0 where there
	// were none for longer than a second.
	WindowLeast  int `json:"window_least"`
	WindowMedian int `json:"window_median"`

	CanariesGood   int64 `json:"canaries_good"`   // times that names with known answers had them
	CanariesFailed int64 `json:"canaries_failed"` // times that one had no answer
	CanariesWrong  int64 `json:"canaries_wrong"`  // times that one had an answer that cannot be true
	Stopped        int64 `json:"stopped"`         // times that it was not asked for a while because of them
}

// Manners count what the limits for each address and network cost.
type Manners struct {
	Waited int64 `json:"waited"`  // connections that had to wait for their turn
	PutOff int64 `json:"put_off"` // connections that were put off to keep to a rate
	Held   int64 `json:"held"`    // responses that asked for a pause
}

// Roots are the trusted certificates.
type Roots struct {
	Source string `json:"source"`         // "bundle", or the name of a file
	Date   string `json:"date,omitempty"` // of the bundle
}

// Finished reports whether the manifest says that nothing is left to do, and is as it was written. Nil does not.
func (m *Manifest) Finished() bool { return m != nil && m.Status.Finished() && !m.Altered }

// Name is the file name of the manifest.
func (m *Manifest) Name() string { return ManifestName(m.Shard) }

// ManifestName is the file name of the manifest of a shard; nil is a run without shards.
func ManifestName(s *Shard) string {
	if s == nil {
		return "run.json"
	}
	return fmt.Sprintf("run-%d-of-%d.json", s.Index, s.Of)
}

// ManifestShard is the shard whose manifest has the file name; ok is false where no manifest has.
func ManifestShard(name string) (shard *Shard, ok bool) {
	if name == ManifestName(nil) {
		return nil, true
	}
	var s Shard
	n, _ := fmt.Sscanf(name, "run-%d-of-%d.json", &s.Index, &s.Of)
	return &s, n == 2 && name == ManifestName(&s)
}

// Write writes the manifest to the directory dir, whole or not at all. It sets SchemaVersion, and Adoption from
// Counts.
func (m *Manifest) Write(dir string) error { return m.WriteOn(durable.Disk{}, dir) }

// WriteOn is [Manifest.Write] to a directory of a disk.
func (m *Manifest) WriteOn(disk durable.Disk, dir string) error {
	m.SchemaVersion = SchemaVersion
	m.Adoption = m.Counts.Adoption()
	sealed := *m
	sealed.Checksum = durable.NoSeal
	return disk.WriteSealed(filepath.Join(dir, m.Name()), &sealed, "  ")
}
