package output

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"stsscan/internal/codes"
)

// Counts are how often each word occurs in the columns of a set of rows. A word that does not occur is not in its
// map, so that equal sets of rows have equal Counts. The zero value counts no rows.
type Counts struct {
	Rows         int64                        `json:"rows"`
	Record       map[codes.Record]int64       `json:"record,omitempty"`        // sums to Rows
	RecordReason map[codes.RecordReason]int64 `json:"record_reason,omitempty"` //
	Error        map[codes.Sentinel]int64     `json:"error,omitempty"`         //
	Policy       map[codes.Policy]int64       `json:"policy,omitempty"`        // sums to Rows
	PolicyReason reasons                      `json:"policy_reason,omitempty"` // by policy_stage; not of unknown ones
	TLSError     map[codes.TLSError]int64     `json:"tls_error,omitempty"`     // the same
	Mode         map[codes.Mode]int64         `json:"mode,omitempty"`          // sums to the valid policies
	MXMatch      map[codes.MXMatch]int64      `json:"mx_match,omitempty"`      // of valid policies
	Mismatch     map[codes.Mismatch]int64     `json:"mismatch,omitempty"`      // of valid policies
	Verdict      map[codes.Verdict]int64      `json:"verdict,omitempty"`       //
	Findings     map[codes.Finding]int64      `json:"findings,omitempty"`      // rows with it
	Resolver     map[string]int64             `json:"resolver,omitempty"`      // of the last reply
	Pending      map[codes.Pending]int64      `json:"pending,omitempty"`       // rows that are provisional

	// PolicyUnknown are the reasons, by policy_stage, of policies that are unknown: they are no errors.
	PolicyUnknown reasons `json:"policy_unknown,omitempty"`
}

// Add counts one row.
func (c *Counts) Add(r *Row) {
	c.Rows++
	add(&c.Record, codes.Record(r.Record), 1)
	add(&c.RecordReason, codes.RecordReason(r.RecordReason), 1)
	add(&c.Error, codes.Sentinel(r.Error), 1)
	add(&c.Policy, codes.Policy(r.Policy), 1)
	stage, reason := codes.Stage(r.PolicyStage), codes.PolicyReason(r.PolicyReason)
	switch codes.Policy(r.Policy) {
	case codes.PolicyUnknown:
		addReason(&c.PolicyUnknown, stage, reason, 1)
	case codes.PolicyValid: // a policy that is not valid may have a mode, too
		add(&c.Mode, codes.Mode(r.Mode), 1)
		add(&c.MXMatch, codes.MXMatch(r.MXMatch), 1)
		add(&c.Mismatch, codes.Mismatch(r.Mismatch), 1)
	default:
		addReason(&c.PolicyReason, stage, reason, 1)
		add(&c.TLSError, codes.TLSError(r.TLSError), 1)
	}
	add(&c.Verdict, codes.Verdict(r.Verdict), 1)
	for i, f := range r.Findings {
		if !slices.Contains(r.Findings[:i], f) {
			add(&c.Findings, codes.Finding(f), 1)
		}
	}
	add(&c.Resolver, r.Resolver, 1)
	add(&c.Pending, codes.Pending(r.Pending), 1)
}

// Provisional is the number of rows that are not final.
func (c *Counts) Provisional() (n int64) {
	for _, rows := range c.Pending {
		n += rows
	}
	return n
}

// Merge adds the rows that o counted and c did not. It changes nothing in o and keeps nothing of it.
func (c *Counts) Merge(o Counts) {
	c.Rows += o.Rows
	merge(&c.Record, o.Record)
	merge(&c.RecordReason, o.RecordReason)
	merge(&c.Error, o.Error)
	merge(&c.Policy, o.Policy)
	mergeReasons(&c.PolicyReason, o.PolicyReason)
	mergeReasons(&c.PolicyUnknown, o.PolicyUnknown)
	merge(&c.TLSError, o.TLSError)
	merge(&c.Mode, o.Mode)
	merge(&c.MXMatch, o.MXMatch)
	merge(&c.Mismatch, o.Mismatch)
	merge(&c.Verdict, o.Verdict)
	merge(&c.Findings, o.Findings)
	merge(&c.Resolver, o.Resolver)
	merge(&c.Pending, o.Pending)
}

// remove takes away the rows that o counted, all of which c counted too.
func (c *Counts) remove(o Counts) {
	own := Counts{}
	own.Merge(*c)
	c.Rows -= o.Rows
	c.Record, c.RecordReason = subtract(own.Record, o.Record), subtract(own.RecordReason, o.RecordReason)
	c.Error, c.Policy = subtract(own.Error, o.Error), subtract(own.Policy, o.Policy)
	c.PolicyReason = subtractReasons(own.PolicyReason, o.PolicyReason)
	c.PolicyUnknown = subtractReasons(own.PolicyUnknown, o.PolicyUnknown)
	c.TLSError, c.Mode = subtract(own.TLSError, o.TLSError), subtract(own.Mode, o.Mode)
	c.MXMatch, c.Mismatch = subtract(own.MXMatch, o.MXMatch), subtract(own.Mismatch, o.Mismatch)
	c.Verdict, c.Findings = subtract(own.Verdict, o.Verdict), subtract(own.Findings, o.Findings)
	c.Resolver, c.Pending = subtract(own.Resolver, o.Resolver), subtract(own.Pending, o.Pending)
}

// subtract is counts less others. A word with none left is left out.
func subtract[W ~string](counts, others map[W]int64) (left map[W]int64) {
	for word, n := range counts {
		if n != others[word] {
			add(&left, word, n-others[word])
		}
	}
	return left
}

// All yields every count by name, such as "record.valid" or "policy_reason.tls.expired", in a stable order.
func (c *Counts) All() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		if !yield("rows", c.Rows) {
			return
		}
		ok := each("record", c.Record, yield) && each("record_reason", c.RecordReason, yield) &&
			each("error", c.Error, yield) && each("policy", c.Policy, yield)
		ok = ok && eachReason("policy_reason.", c.PolicyReason, yield) &&
			eachReason("policy_unknown.", c.PolicyUnknown, yield)
		_ = ok && each("tls_error", c.TLSError, yield) && each("mode", c.Mode, yield) &&
			each("mx_match", c.MXMatch, yield) && each("mismatch", c.Mismatch, yield) && each("verdict", c.Verdict, yield) &&
			each("findings", c.Findings, yield) && each("resolver", c.Resolver, yield) &&
			each("pending", c.Pending, yield)
	}
}

// Diff says in words where two Counts differ; nil when they are equal.
func (c *Counts) Diff(o *Counts) []string {
	theirs := maps.Collect(o.All())
	var diffs []string
	for name, n := range c.All() {
		if theirs[name] != n {
			diffs = append(diffs, fmt.Sprintf("%s: %d, not %d", name, n, theirs[name]))
		}
		delete(theirs, name)
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		diffs = append(diffs, fmt.Sprintf("%s: 0, not %d", name, theirs[name]))
	}
	return diffs
}

// reasons are counts of policy_reason by policy_stage.
type reasons = map[codes.Stage]map[codes.PolicyReason]int64

func addReason(counts *reasons, stage codes.Stage, reason codes.PolicyReason, n int64) {
	if stage == "" || reason == "" {
		return
	}
	if *counts == nil {
		*counts = make(reasons)
	}
	if (*counts)[stage] == nil {
		(*counts)[stage] = make(map[codes.PolicyReason]int64)
	}
	(*counts)[stage][reason] += n
}

func mergeReasons(counts *reasons, more reasons) {
	for stage, words := range more {
		for reason, n := range words {
			addReason(counts, stage, reason, n)
		}
	}
}

func subtractReasons(counts, others reasons) (left reasons) {
	for stage, words := range counts {
		for reason, n := range subtract(words, others[stage]) {
			addReason(&left, stage, reason, n)
		}
	}
	return left
}

func eachReason(prefix string, counts reasons, yield func(string, int64) bool) bool {
	for _, stage := range slices.Sorted(maps.Keys(counts)) {
		if !each(prefix+string(stage), counts[stage], yield) {
			return false
		}
	}
	return true
}

// add counts word n times; the empty word stands for NULL and is not counted.
func add[W ~string](counts *map[W]int64, word W, n int64) {
	if word == "" {
		return
	}
	if *counts == nil {
		*counts = make(map[W]int64)
	}
	(*counts)[word] += n
}

func merge[W ~string](counts *map[W]int64, more map[W]int64) {
	for word, n := range more {
		add(counts, word, n)
	}
}

func each[W ~string](column string, counts map[W]int64, yield func(string, int64) bool) bool {
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		if !yield(column+"."+string(word), counts[word]) {
			return false
		}
	}
	return true
}

// An Adoption is the share of domains that publish an MTA-STS record, as an interval: unknown domains count as
// without a record in Low, and as with one in High.
type Adoption struct {
	Domains int64   `json:"domains"`
	Present int64   `json:"present"` // valid, invalid and multiple
	Unknown int64   `json:"unknown"`
	Low     float64 `json:"low"`  // Present / Domains; 0 where there are no domains
	High    float64 `json:"high"` // (Present + Unknown) / Domains; 1 where there are no domains
}

// Adoption is the adoption among the rows that were counted.
func (c *Counts) Adoption() Adoption {
	a := Adoption{
		Domains: c.Rows,
		Present: c.Record[codes.RecordValid] + c.Record[codes.RecordInvalid] + c.Record[codes.RecordMultiple],
		Unknown: c.Record[codes.RecordUnknown],
		Low:     0,
		High:    1,
	}
	if a.Domains > 0 {
		a.Low = float64(a.Present) / float64(a.Domains)
		a.High = float64(a.Present+a.Unknown) / float64(a.Domains)
	}
	return a
}
