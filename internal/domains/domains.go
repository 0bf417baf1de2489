// Package domains reads lists of domain names and prepares them for a survey.
//
// A list is plain text, CSV or a zone file (RFC 1035, section 5); package listfile opens it. A [Reader] splits it into
// entries. [Normalize] turns the text of an entry, or the host in a URL or a mail address, into a name in A-labels
// (RFC 5890), or says why it is none. [Prepare] does both for all lists of a run, removes duplicates, and leaves the
// names in the run directory in chunks that never change again. They are removed when the run is complete.
package domains

// A Name is a domain to survey.
type Name struct {
	Domain   string            // A-labels, lower case, no final dot
	Rank     int64             // 1-based position among the entries of all lists
	ListRank int64             // the rank that the list itself gives; 0: none
	List     string            // the list that has it, as the user named that
	Tags     map[string]string // requested columns, without empty ones; nil: there are none
}
