package mtasts

import (
	"context"
	"slices"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A Lookup is what was seen at _mta-sts.<domain>.
type Lookup struct {
	Domain string             // as it was asked
	Class  codes.Record       // by the strict reading
	Reason codes.RecordReason // why the class is not valid; none for multiple
	Record Record             // best understanding; see Class before use

	// TXT are the TXT records, the strings of each joined, in raw octets: at most 64 of them and 16 KiB. Of more,
	// those that begin like an MTA-STS record are kept first. TXTCount counts all.
	TXT      []string
	TXTCount int

	CNAMEs        []string // targets of the aliases from _mta-sts.<domain>, in order: lower case, no final dot
	Zone          string   // owner of the SOA in a negative answer, written as CNAMEs are; the root is "."
	TTL           uint32   // of the TXT records, in seconds; valid when TXTCount is not 0
	Rcode         int      // of the last reply; -1 without one
	Authenticated bool     // AD was set in every reply that the answer rests on
	EDE           []uint16 // extended errors of the last reply (RFC 8914), each once, at most 19

	Strict   bool            // a sender that follows the letter uses the record
	Lenient  bool            // most senders do
	Findings []codes.Finding // each once
}

// LookupRecord asks ex for the MTA-STS record of domain, an A-label name without the final dot, follows CNAMEs
// ([RFC 8461, section 8.2]) and reads the record ([RFC 8461, section 3.1]).
//
// Its error wraps [ErrNoRecord], [ErrMultipleRecords], [ErrRecordSyntax] or [ErrDNS]. The Lookup has whatever
// was seen before the error. The deadline is that of ctx; LookupRecord adds none. It asks at most 17 questions,
// one after the other.
//
// [RFC 8461, section 3.1]: https://www.rfc-editor.org/rfc/rfc8461#section-3.1
// [RFC 8461, section 8.2]: https://www.rfc-editor.org/rfc/rfc8461#section-8.2
func LookupRecord(ctx context.Context, ex Exchanger, domain string) (Lookup, error) {
	w := resolve(ctx, ex, recordOwner(domain), dns.TypeTXT)
	return w.lookup(domain)
}

// lookup is what a finished walk says about domain.
func (w *walk) lookup(domain string) (Lookup, error) {
	l := Lookup{
		Domain:        domain,
		Reason:        w.reason,
		CNAMEs:        w.aliases,
		Zone:          w.zone,
		Rcode:         w.rcode,
		Authenticated: w.ad,
		EDE:           w.ede,
	}
	if w.reason == "" {
		return l.read(w.records)
	}
	switch {
	case w.reason == codes.RecordNXDomain && len(w.aliases) > 0:
		l.Findings = []codes.Finding{codes.FindRecordCNAMEDangling}
	case w.reason == codes.RecordNXDomain:
		l.Reason = NegativeReason(domain, dns.RcodeNameError, w.zone)
	}
	if l.Class = recordClass(l.Reason); l.Class == codes.RecordAbsent {
		if w.noSOA {
			l.Findings = append(l.Findings, codes.FindNegativeWithoutSOA)
		}
		return l, failure(ErrNoRecord, string(l.Reason), nil)
	}
	return l, failure(ErrDNS, string(l.Reason), w.cause)
}

// LookupFailed is the Lookup of a caller who asked the first question without an Exchanger and got err instead
// of a reply.
func LookupFailed(domain string, err error) (Lookup, error) {
	return LookupRecord(context.Background(), failedExchange{err}, domain)
}

type failedExchange struct{ err error }

func (f failedExchange) Exchange(context.Context, *dns.Msg) (*dns.Msg, error) { return nil, f.err }

// RecordQuestion is the first question of a lookup.
func RecordQuestion(domain string) *dns.Msg {
	return question(recordOwner(domain), dns.TypeTXT)
}

func recordOwner(domain string) string { return dns.Fqdn(RecordLabel + "." + domain) }

// What stands before a Policy Domain in the name of its record (section 3.1) and of
// its Policy Host (section 3.3).
const (
	RecordLabel = "_mta-sts"
	HostLabel   = "mta-sts"
)

// read reads the TXT records at the end of the chain.
func (l Lookup) read(rrs []dns.RR) (Lookup, error) {
	txts := txtRecords(rrs)
	r := ReadRecords(txts)
	l.Class, l.Reason, l.Record = r.Class, r.Reason, r.Record
	l.Strict, l.Lenient, l.Findings = r.Strict, r.Lenient, r.Findings
	l.TXT, l.TXTCount, l.TTL = evidence(txts, likeRecord), len(txts), leastTTL(rrs)
	if len(l.TXT) < len(txts) {
		l.Record = l.Record.apart() // the dropped TXT records are freed
	}
	return l, r.Err
}

// evidence returns the TXT records that a Lookup keeps, those first that begin as candidates do. Each is whole:
// half a record would read as another one.
func evidence(txts []string, candidate func(txt string) bool) []string {
	size := 0
	for _, txt := range txts {
		size += len(txt)
	}
	if len(txts) <= maxTXT && size <= maxTXTBytes {
		return txts
	}
	var kept []string
	size = 0
	for _, like := range []bool{true, false} {
		for _, txt := range txts {
			if candidate(txt) == like && len(kept) < maxTXT && size+len(txt) <= maxTXTBytes {
				kept = append(kept, txt)
				size += len(txt)
			}
		}
	}
	return kept
}

// A FirstReply is what the reply to the question of [RecordQuestion] says. It keeps no more of the reply than a
// [Lookup] does, so that very many can wait.
type FirstReply struct {
	domain string
	walk   walk // what is still open; its records are read
	lookup Lookup
	err    error // of lookup
}

// ReadReply reads the reply to the first question about domain, and keeps nothing of it.
func ReadReply(domain string, reply *dns.Msg) *FirstReply {
	f := &FirstReply{domain: domain, walk: newWalk(recordOwner(domain), dns.TypeTXT)}
	f.walk.read(reply)
	f.conclude()
	return f
}

// conclude reads the records where nothing is open, and drops them.
func (f *FirstReply) conclude() {
	if f.walk.done {
		f.lookup, f.err = f.walk.lookup(f.domain)
		f.walk = walk{done: true}
	}
}

// Lookup is [LookupRecord] after the first reply. It asks ex only where that reply ends in an alias and does
// not say what the alias leads to.
func (f *FirstReply) Lookup(ctx context.Context, ex Exchanger) (Lookup, error) {
	if !f.walk.done {
		f.walk.finish(ctx, ex)
		f.conclude()
	}
	return f.lookup, f.err
}

// Octets is the size of all that varies in it.
func (f *FirstReply) Octets() (n int) {
	const each = 16 // of a string beside its text
	for _, texts := range [][]string{f.lookup.TXT, f.lookup.CNAMEs, f.walk.aliases} {
		for _, text := range texts {
			n += each + len(text)
		}
	}
	for _, x := range f.lookup.Record.Extensions {
		n += 2*each + len(x.Name) + len(x.Value)
	}
	return n
}

// ZoneUnreachable reads what came of the question for the SOA of a domain whose record is unknown: a reply, or
// err. It reports whether the whole zone is out of reach: this question had no answer either, or a resolver
// says that no server answers. A zone that fails validation (RFC 8914) is in reach.
//
// The error is err where that is a fault of the observer, and nothing is known about the zone.
func ZoneUnreachable(reply *dns.Msg, err error) (bool, error) {
	switch {
	case err == nil:
		return reply.Rcode == dns.RcodeServerFailure && !slices.ContainsFunc(extendedErrors(reply), unvalidated), nil
	case fault.Ours(err):
		return false, err
	}
	return exchangeReason(err) == codes.RecordTimeout, nil
}

// unvalidated reports whether an extended error is about DNSSEC.
func unvalidated(code uint16) bool {
	switch code {
	case dns.ExtendedErrorCodeUnsupportedDNSKEYAlgorithm, dns.ExtendedErrorCodeUnsupportedDSDigestType,
		dns.ExtendedErrorCodeDNSSECIndeterminate, dns.ExtendedErrorCodeDNSBogus, dns.ExtendedErrorCodeSignatureExpired,
		dns.ExtendedErrorCodeSignatureNotYetValid, dns.ExtendedErrorCodeDNSKEYMissing, dns.ExtendedErrorCodeRRSIGsMissing,
		dns.ExtendedErrorCodeNoZoneKeyBitSet, dns.ExtendedErrorCodeNSECMissing,
		dns.ExtendedErrorCodeUnsupportedNSEC3IterValue:
		return true
	}
	return false
}
