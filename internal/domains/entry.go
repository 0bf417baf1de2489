package domains

// An Entry is one item of a list, whether or not it is a valid name.
type Entry struct {
	Line     int64    // 1-based number of its first line
	Text     []byte   // the name as it is written; valid until the next call
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
