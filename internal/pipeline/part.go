package pipeline

import (
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// A part is one file that is being written, and the batch that it takes in. batch and log are set when it is
// opened; admitted belongs to the admission until allAdmitted is set; the other fields belong to the writer.
type part struct {
	info     output.PartInfo // of its batch
	batch    batch
	log      *surveyLog // of its surveys
	admitted int64

	file        *output.Part // nil until there is something to write: many parts may be open, and an output.Part is large
	loaded      bool         // it has row groups in memory
	allAdmitted bool         // as many rows will come as names were admitted
	written     int64
	rows        []output.Row // of surveys, that wait to be written together
	octets      int          // of evidence in them

	from, to time.Time // its answers came between
	tally    tally     // what it has added to the Stats
}

// whole reports whether all rows of the part are there.
func (p *part) whole() bool { return p.allAdmitted && p.written+int64(len(p.rows)) == p.admitted }

// maxDenials is how many denials an event has at most.
const maxDenials = 512

// An event is for the writer: denials, or a row, or that all names of a part are admitted, or a new part (nothing
// else is set). The last one may say that the run is cut short: the rows that are missing will not come.
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

// A tally is what rows add to the Stats.
type tally struct {
	present, absent, unknown, valid, broken, transient, manners, repassed int64
}

// add counts a row, and the one that it replaces.
func (t *tally) add(row *output.Row, before *survey.Previous) {
	t.class(row, before.HasRow())
	if before.HasRow() {
		t.repassed++
		t.addPending(before.Pending, -1)
	}
}

func (t *tally) class(row *output.Row, before bool) {
	t.addPending(codes.Pending(row.Pending), 1)
	if before {
		return
	}
	switch codes.Record(row.Record) {
	case codes.RecordAbsent:
		t.absent++
	case codes.RecordUnknown:
		t.unknown++
	default:
		t.present++
	}
	switch codes.Policy(row.Policy) {
	case codes.PolicyNotFetched, codes.PolicyUnknown:
	case codes.PolicyValid:
		t.valid++
	default:
		t.broken++
	}
}

func (t *tally) addPending(why codes.Pending, n int64) {
	switch why {
	case "":
	case codes.PendingManners:
		t.manners += n
	default:
		t.transient += n
	}
}
