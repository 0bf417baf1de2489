package domains

import (
	"bytes"
	"fmt"
	"strings"
)

// A Format is the way a list is written.
type Format string

const (
	FormatAuto  Format = "auto"  // told by the first line that says something
	FormatPlain Format = "plain" // one name a line; # begins a comment
	FormatCSV   Format = "csv"   // RFC 4180, or with semicolons or tabs; with a header, or rank,domain
	FormatZone  Format = "zone"  // RFC 1035, section 5: owners of NS records

	// FormatRows is what is made of the rows of another run: a [RowLine] a line.
	// Each must be a name, or there is no plan. No flag names it.
	FormatRows Format = "rows"
)

// hasUnderscores says whether a list may name what no host is named: a zone
// delegates what it likes, and rows are of names that were taken before.
func (f Format) hasUnderscores() bool { return f == FormatZone || f == FormatRows }

// hasColumns says whether a list has columns to carry.
func (f Format) hasColumns() bool { return f == FormatCSV || f == FormatRows }

// Formats lists every Format of a list that users bring.
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

// detectionWindow is how much of a list is looked at to tell its format: more
// than the comments that registries put before a zone.
const detectionWindow = 32 << 10

// detectFormat tells a format by the first line that is neither blank nor a
// comment. column is a name to expect in the header of a CSV list.
func detectFormat(sample []byte, column string) Format {
	for len(sample) > 0 {
		end := lineEnd(sample)
		if end < 0 {
			end = len(sample)
		}
		line := sample[:end]
		sample = sample[min(end+1, len(sample)):]
		text := bytes.TrimSpace(line)
		switch {
		case len(text) == 0 || text[0] == '#':
			continue
		case text[0] == ';' || text[0] == '$' || isZoneRecord(text):
			return FormatZone
		case bytes.ContainsAny(text, ",;\t"), isDomainHeader(string(text)), strings.EqualFold(string(text), column):
			return FormatCSV
		}
		return FormatPlain
	}
	return FormatPlain
}

// isZoneRecord says whether a line looks like an owner name, a TTL and a
// class, each of which may be missing, a type and some data.
func isZoneRecord(line []byte) bool {
	fields := bytes.Fields(line)
	for i := 1; i < min(len(fields), 4); i++ {
		f := fields[i]
		switch strings.ToUpper(string(f)) {
		case "SOA", "NS", "A", "AAAA", "DS", "TXT", "MX", "CNAME", "DNSKEY", "CAA",
			"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "ZONEMD":
			return i+1 < len(fields)
		}
		if !isTTL(f) && !isClass(f) {
			return false
		}
	}
	return false
}
