package resolver

import "github.com/miekg/dns"

// A Question is one element of a Sweep: about the name Label.Name.
type Question struct {
	Label string // what stands before Name, as "_mta-sts"; may be empty
	Name  string // plain labels in lower case, no final dot, no escapes
	Type  uint16
	Avoid uint16 // number of an upstream that is not asked first, if there is another; 0: none
	Tag   int64  // comes back with the Answer

	Again   bool // it failed before: if it does so now, that says nothing about an upstream
	Patient bool // silence is met with more attempts, see [WithPatience]
}

// owner is the name in the question.
func (q *Question) owner() string {
	if q.Label == "" {
		return q.Name
	}
	return q.Label + "." + q.Name
}

// String is the question for people.
func (q *Question) String() string { return dns.Type(q.Type).String() + " " + q.owner() }

// An Answer belongs to the Question with its Tag.
type Answer struct {
	Tag           int64
	Outcome       Outcome
	Zone          string   // owner of the SOA in the authority section, lower case, no final dot; "." the root; "": none
	EDE           []uint16 // extended errors (RFC 8914), each once, at most 19
	Authenticated bool     // AD
	Rcode         int      // with its extension; -1 when Failed
	Msg           *dns.Msg // for Reply; nil otherwise
	Err           error    // for Failed: an *[Error]
	Trace         Trace
}

// An Outcome is what became of a Question.
type Outcome uint8

const (
	Failed   Outcome = iota // no reply: see Err
	NXDOMAIN                // the name does not exist, and nothing else was said
	NODATA                  // the name has no such record (RFC 2308, section 2.2), and nothing else was said
	Reply                   // anything else, errors too: see Msg
)
