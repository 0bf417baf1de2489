package pipeline

import (
	"time"

	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// A part is one file being written, with what it takes in. batch and log are set
// when it is opened; admitted belongs to the admission until the part is sealed, and
// the other fields to the writer.
type part struct {
	info     output.PartInfo // of its batch
	batch    batch
	log      *surveyLog // of its surveys
	admitted int64

	file        *output.Part // nil until there is something to write: many parts may be open, and a writer is large
	loaded      bool         // it has row groups in memory
	allAdmitted bool
	written     int64
	rows        []output.Row // of surveys, that wait to be written together
	octets      int          // of evidence in them

	from, to time.Time // its answers came between
	tally    tally     // what it has added to the Stats
}

// whole reports whether all rows of the part are there.
func (p *part) whole() bool { return p.allAdmitted && p.written+int64(len(p.rows)) == p.admitted }

// maxDenials is how many answers the writer is told of at a time, at most.
const maxDenials = 512

// An event tells the writer of plain negatives, of a new part (nothing else is
// set), of a row, that a part is sealed: as many rows will come as names were
// admitted; or, as the last one, that the rest of them will not come.
type event struct {
	denials     []resolver.Answer
	at          time.Time // when they were observed
	part        *part
	slot        int64
	row         *output.Row
	octets      int // of row
	allAdmitted bool
	cutShort    bool
}
