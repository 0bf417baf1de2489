package domains

import (
	"fmt"
	"strings"

	"stsscan/internal/codes"
)

// A Format is the way a list is written.
type Format string

const (
	FormatAuto  Format = "auto"  // detected by the first line that is neither blank nor a comment
	FormatPlain Format = "plain" // one name a line; # begins a comment
	FormatCSV   Format = "csv"   // RFC 4180, or with ; tab or | for the comma; with a header, or rank,domain
	FormatZone  Format = "zone"  // RFC 1035, section 5: owners of NS records

	// FormatRows is a list made of the rows of another run: a [RowLine] a line. If one of them is no valid name,
	// there is no plan. No flag names this format.
	FormatRows Format = "rows"
)

// detectionWindow is how much of a list is read to detect its format: more than the comments that registries put
// before a zone.
const detectionWindow = 32 << 10

// hasUnderscores says whether names with underscores are accepted: a zone may delegate them, and rows are of
// names that were accepted before.
func (f Format) hasUnderscores() bool { return f == FormatZone || f == FormatRows }

// hasHosts says whether entries may have hosts in place of names.
func (f Format) hasHosts() bool { return f == FormatPlain || f == FormatCSV }

// hasColumns says whether a list has columns to carry as tags.
func (f Format) hasColumns() bool { return f == FormatCSV || f == FormatRows }

// Formats lists the formats that users may name.
func Formats() []Format { return []Format{FormatAuto, FormatPlain, FormatCSV, FormatZone} }

// ParseFormat reads the name of a format; an empty one is [FormatAuto].
func ParseFormat(s string) (Format, error) {
	if s == "" {
		return FormatAuto, nil
	}
	for _, f := range Formats() {
		if strings.EqualFold(s, string(f)) {
			return f, nil
		}
	}
	return "", fmt.Errorf("unknown format %w", codes.Unknown(s, Formats()))
}

// An Entry is one item of a list, whether or not it is a valid name.
type Entry struct {
	Line     int64    // 1-based number of its first line
	Text     []byte   // as it is written, which is never to be shown; valid until the next call
	ListRank int64    // the rank that the list gives; 0: none
	Tags     [][]byte // one for each tag of the [Layout], as it is written; valid until the next call
	Reason   Reason   // why the format of the list refuses it; "": it does not

	tld int // lastLabel(Text), if it is known and not 0
}

// A Layout says how to read a list. The zero Layout detects everything.
type Layout struct {
	Format       Format   // "": FormatAuto
	DomainColumn string   // CSV: header or 1-based number of the domain's column; "": detected
	Tags         []string // CSV: headers of the columns to carry, in any letter case
}

// An entryReader reads one format.
type entryReader interface {
	// next fills in e, and returns io.EOF after the last entry.
	next(e *Entry) error
	// line is the number of the line that is being read, or is read next.
	line() int64
	// skipped counts what was skipped so far since it is no entry.
	skipped() int64
}
