package output

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"stsscan/internal/codes"
)

// Trust is why the answers of the resolvers can be believed.
type Trust struct {
	PreflightSkipped bool             `json:"preflight_skipped,omitempty"` //
	Preflight        []PreflightCheck `json:"preflight,omitempty"`         // of the last process that worked on the run
	CanaryZone       string           `json:"canary_zone,omitempty"`       // empty: well-known names are asked
	Canaries         []string         `json:"canaries,omitempty"`          // asked all the time; none: no watch
	Events           []TrustEvent     `json:"events,omitempty"`            // the first stops and resumptions
	PausedSeconds    float64          `json:"paused_seconds"`              // while all resolvers were stopped
	Discarded        int64            `json:"parts_discarded"`             // scanned again after wrong answers
	CrossCheck       *CrossCheck      `json:"cross_check,omitempty"`       // with other resolvers; nil: not wanted
}

// A PreflightCheck is a test of a resolver before the first domain.
type PreflightCheck struct {
	Resolver string `json:"resolver"` // host:port
	Check    string `json:"check"`    // answers, truth, no_rewriting, soa, signed, bogus, tcp, flood, slow
	OK       bool   `json:"ok"`       //
	Words    string `json:"words,omitempty"`
}

// A TrustEvent is that a resolver was stopped, or asked again.
type TrustEvent struct {
	At       time.Time `json:"at"`
	Resolver string    `json:"resolver"` // host:port
	Event    string    `json:"event"`    // stopped, resumed
	Words    string    `json:"words"`    // why
}

// A CrossCheck compares what a run found with the answers of resolvers that the run did not ask. It changes no row.
type CrossCheck struct {
	Resolvers []string                  `json:"resolvers"`         // host:port
	Share     float64                   `json:"share"`             // of the domains without a record: see [Sampled]
	Negatives CrossCount                `json:"negatives"`         // domains without a record: those in the share
	Positives CrossCount                `json:"positives"`         // domains with a record, valid or not: all of them
	Kinds     map[CrossDifference]int64 `json:"kinds,omitempty"`   // of the disagreements
	Trouble   string                    `json:"trouble,omitempty"` // why it got no answers, or gave up, in words
	EndedAt   time.Time                 `json:"ended_at"`          //
	File      string                    `json:"file"`              // of disagreements; of very many the first
	Listed    int64                     `json:"listed"`            // lines in it
	SHA256    string                    `json:"sha256"`            // of it
}

// A CrossCount accounts for the checked domains: Checked = Agree + Disagree + Unanswered.
type CrossCount struct {
	Checked    int64 `json:"checked"`
	Agree      int64 `json:"agree"`      // the same class and, where there is a record, the same TXT records
	Disagree   int64 `json:"disagree"`   //
	Unanswered int64 `json:"unanswered"` // neither
}

// A CrossDifference is how an answer differs from a row.
type CrossDifference string

const (
	CrossFound  CrossDifference = "found"  // a record, where the run found none
	CrossDenied CrossDifference = "denied" // no record, where the run found one
	CrossClass  CrossDifference = "class"  // a record of another class
	CrossTXT    CrossDifference = "txt"    // of the same class, in other TXT records
)

// CrossDifferences lists every CrossDifference.
func CrossDifferences() []CrossDifference {
	return []CrossDifference{CrossFound, CrossDenied, CrossClass, CrossTXT}
}

// Sampled reports whether a domain is in the sample of a share of all: the first 32 bits of its SHA-256, as a
// number, are below share * 2^32. It is not random, so that every process, shard and reader has the same sample.
func Sampled(domain string, share float64) bool {
	sum := sha256.Sum256([]byte(domain))
	return float64(binary.BigEndian.Uint32(sum[:])) < share*(1<<32)
}

// CrossChecked reports whether a cross-check asks about a row of this class: all that have a record, the sample of
// those that have none, and none that is unknown.
func CrossChecked(domain string, class codes.Record, share float64) bool {
	switch class {
	case codes.RecordUnknown:
		return false
	case codes.RecordAbsent:
		return Sampled(domain, share)
	}
	return true
}
