package domains

import (
	"fmt"
	"strings"
)

// A Format is the way a list is written.
type Format string

const (
	FormatAuto  Format = "auto"  // detected by the first line that is neither blank nor a comment
	FormatPlain Format = "plain" // one name a line; # begins a comment
	FormatCSV   Format = "csv"   // RFC 4180, or with semicolons or tabs; with a header, or rank,domain
	FormatZone  Format = "zone"  // RFC 1035, section 5: owners of NS records

	// FormatRows is a list made of the rows of another run: a [RowLine] a line. If one of them is no valid name,
	// there is no plan. No flag names this format.
	FormatRows Format = "rows"
)

// hasUnderscores says whether names with underscores are accepted: a zone may delegate them, and rows are of
// names that were accepted before.
func (f Format) hasUnderscores() bool { return f == FormatZone || f == FormatRows }

// hasColumns says whether a list has columns to carry as tags.
func (f Format) hasColumns() bool { return f == FormatCSV || f == FormatRows }

// Formats lists the formats that users may name.
func Formats() []Format { return []Format{FormatAuto, FormatPlain, FormatCSV, FormatZone} }

// ParseFormat reads the name of a format; an empty one is [FormatAuto].
func ParseFormat(s string) (Format, error) {
	if s == "" {
		return FormatAuto, nil
	}
	var names []string
	for _, f := range Formats() {
		if strings.EqualFold(s, string(f)) {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fmt.Errorf("unknown format %q: want %s", s, strings.Join(names, ", "))
}
