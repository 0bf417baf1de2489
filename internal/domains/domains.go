// Package domains reads lists of domain names and prepares them for a survey.
//
// A list is plain text, CSV or a zone file (RFC 1035, section 5), by itself or
// in gzip, Zstandard (RFC 8878) or zip, from a file or from standard input. A
// [Reader] takes it apart into entries; [Normalize] makes of an entry's text a
// name in A-labels (RFC 5890) or says why it is none; [Prepare] does both for
// all lists of a run, removes duplicates, and leaves the names in the run
// directory in chunks that never change again.
//
// Every entry is accounted for: it is rejected, excluded, a duplicate, or a
// name. Memory does not grow with the list, apart from one bit for each entry.
//
// The package asks no DNS question, guesses no domain out of a mail address, and
// knows nothing about what becomes of the names.
package domains

// A Name is a domain to be surveyed.
type Name struct {
	Domain   string            // A-labels, lower case, no final dot
	Rank     int64             // 1-based position among the entries of all lists
	ListRank int64             // the rank that the list itself states; 0: none
	List     string            // the list it stands in, as it was named
	Tags     map[string]string // columns that were asked to be carried; what is empty is not there; nil without tags
}
