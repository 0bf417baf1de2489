package domains

import (
	"bytes"
	"strings"
)

// detectionWindow is how much of a list is read to detect its format: more than the comments that registries put
// before a zone.
const detectionWindow = 32 << 10

// detectFormat detects the format by the first line that is neither blank nor a comment. column is a name that
// the header of a CSV list is expected to have.
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

// isZoneRecord says whether a line looks like a record: an owner name, a TTL and a class, each of which may be
// missing, a type and some data.
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
