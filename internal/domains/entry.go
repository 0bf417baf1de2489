package domains

// An Entry is what a list says where it should say a name.
type Entry struct {
	Line     int64    // 1-based number of its first line
	Text     []byte   // the name as it is written; valid until the next call
	ListRank int64    // the rank that the list states; 0: none
	Tags     [][]byte // one for each tag of the [Layout], as it is written; valid until the next call
	Reason   Reason   // why the list's own grammar refuses it; "" where it does not

	tld int // lastLabel(Text), where that is known and not 0
}

// A Layout says how to read a list. The zero Layout finds out by itself.
type Layout struct {
	Format       Format   // "": FormatAuto
	DomainColumn string   // CSV: header or 1-based number of the domain's column; "": found
	Tags         []string // CSV: headers of the columns to carry, in any case of letters
}

// An entryReader reads one format.
type entryReader interface {
	// next fills in e, and returns io.EOF after the last entry.
	next(e *Entry) error
	// line is the number of the line that is read next, or is being read.
	line() int64
	// skipped counts what was no entry so far.
	skipped() int64
}
