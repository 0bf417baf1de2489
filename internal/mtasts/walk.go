package mtasts

import (
	"context"
	"errors"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
	"stsscan/internal/fault"
)

// maxAliases is how many CNAMEs are followed from one name.
const maxAliases = 16

// maxName is the length of a name in text, with the final dot, that is 255 octets on the wire (RFC 1035,
// section 2.3.4).
const maxName = 254

// A walk is what one or more replies say about a name and a type, at the end of all aliases.
type walk struct {
	qtype   uint16
	name    string          // canonical, at the end of the chain so far
	done    bool            // no question is left
	visited map[string]bool // canonical names of the chain

	records []dns.RR           // the RRset at the end of the chain
	aliases []string           // targets in order: lower case, no final dot
	reason  codes.RecordReason // why there are no records; empty where there are
	cause   error              // of the Exchanger, where the reason is its
	zone    string             // owner of a negative answer's SOA, written as aliases are
	rcode   int                // of the last reply; -1 without one
	ede     []uint16           // of the last reply
	noSOA   bool               // no SOA came with the last reply, one without records
	ad      bool               // every reply was authenticated
}

func newWalk(name string, qtype uint16) walk {
	name = dns.CanonicalName(name)
	return walk{qtype: qtype, name: name, visited: map[string]bool{name: true}, rcode: -1}
}

// resolve asks ex for the records of a type at name.
func resolve(ctx context.Context, ex Exchanger, name string, qtype uint16) walk {
	w := newWalk(name, qtype)
	w.finish(ctx, ex)
	return w
}

// finish asks ex for what the replies leave open. Each name is asked for once, so that loops end. A name that
// is too long does not exist, and is not asked for.
func (w *walk) finish(ctx context.Context, ex Exchanger) {
	for !w.done {
		if len(w.name) > maxName && !strings.Contains(w.name, `\`) {
			w.reason, w.done = codes.RecordNXDomain, true
			break
		}
		reply, err := ex.Exchange(ctx, question(w.name, w.qtype))
		if err != nil {
			w.cause, w.reason, w.done = withCancellation(ctx, err), exchangeReason(err), true
			break
		}
		w.read(reply)
	}
}

// read follows what reply, to the question for the name at the end of the chain so far, says about it. The walk
// is done unless it must ask for another name.
func (w *walk) read(reply *dns.Msg) {
	w.done = true
	if !answers(reply, w.name, w.qtype) {
		w.reason = codes.RecordMalformed
		return
	}
	w.ad = reply.AuthenticatedData && (w.ad || w.rcode < 0)
	w.rcode, w.ede = reply.Rcode, extendedErrors(reply)
	// Only what the chain leads to counts, whatever else the answer holds.
	asked := w.name
	records := rrset(reply.Answer, w.name, w.qtype)
	for len(records) == 0 {
		target, ok := aliasTarget(reply.Answer, w.name)
		if !ok {
			break
		}
		w.name = target
		if w.reason = w.follow(target); w.reason != "" {
			return
		}
		records = rrset(reply.Answer, w.name, w.qtype)
	}
	if len(records) == 0 && aliasOnly(reply, w.name, asked) {
		w.done = false
		return
	}
	if w.reason = w.whyEmpty(reply, len(records) > 0); w.reason == "" {
		w.records = records
	}
}

// follow adds an alias to the chain.
func (w *walk) follow(target string) codes.RecordReason {
	if len(w.aliases) == maxAliases {
		return codes.RecordCNAMETooLong
	}
	w.aliases = append(w.aliases, ownerName(target))
	if w.visited[target] {
		return codes.RecordCNAMELoop
	}
	w.visited[target] = true
	return ""
}

// whyEmpty is why the walk ends without records; "": it ends with some.
func (w *walk) whyEmpty(reply *dns.Msg, found bool) codes.RecordReason {
	switch {
	case reply.Rcode == dns.RcodeServerFailure:
		return codes.RecordServfail
	case reply.Rcode == dns.RcodeRefused:
		return codes.RecordRefused
	case reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError:
		return codes.RecordRcode
	case reply.Truncated:
		return codes.RecordTruncated
	case found && reply.Rcode == dns.RcodeNameError:
		return codes.RecordMalformed // the name does not exist, and has records
	case found:
		return ""
	case dnswire.IsFiltered(w.ede):
		return codes.RecordFiltered
	}
	return w.negative(reply)
}

// negative reads a reply without records and without an error (RFC 2308, section 2). NODATA without an SOA, its
// type 3, comes from forwarders that leave out the authority section. A server that has nothing to do with the
// zone may say the same.
func (w *walk) negative(reply *dns.Msg) codes.RecordReason {
	zone, denied := denial(reply)
	if denied {
		w.zone = ownerName(zone)
	}
	w.noSOA = !denied
	switch {
	case !enclosed(reply, w.name):
		return codes.RecordMalformed // a zone that the name is not in cannot deny it
	case reply.Rcode == dns.RcodeNameError:
		return codes.RecordNXDomain
	case denied:
		return codes.RecordNoData
	case refers(reply):
		return codes.RecordReferral
	case len(reply.Answer) > 0:
		return codes.RecordMalformed // it answers another question
	}
	return codes.RecordNoData
}

// aliasOnly reports whether reply ends in an alias to name and says nothing about name. NXDOMAIN is about the
// end of the chain (RFC 6604), and so is an SOA of a zone that name is in.
func aliasOnly(reply *dns.Msg, name, asked string) bool {
	if name == asked || reply.Rcode != dns.RcodeSuccess {
		return false
	}
	zone, denied := denial(reply)
	return !denied || !dns.IsSubDomain(zone, name)
}

// exchangeReason is why there is no reply.
func exchangeReason(err error) codes.RecordReason {
	if said, ok := errors.AsType[codes.RecordFailure](err); ok {
		// A fault of the observer has no reason, and no error can say "absent".
		if reason := said.RecordReason(); reason != "" && recordClass(reason) == codes.RecordUnknown {
			return reason
		}
	}
	var malformed *dns.Error
	switch {
	case fault.TimedOut(err):
		return codes.RecordTimeout
	case errors.As(err, &malformed):
		return codes.RecordMalformed
	}
	return codes.RecordOther
}
