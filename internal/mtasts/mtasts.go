// Package mtasts reads MTA-STS ([RFC 8461]) as an observer does: the record, the policy, how both are found and
// retrieved, which MX hosts a policy covers, and what can go wrong.
//
// Each text has two readings. The strict one follows the letter of the RFC. The lenient one says whether most
// senders would use the text nevertheless; for policies seven of them were counted (docs/lenient.md). Whatever
// is odd is a finding, tolerated or not. An error comes with everything that was seen before it, and wraps
// exactly one sentinel: see [Sentinel].
//
// [LookupRecord] and [FetchPolicy] go the way of a sender ([RFC 8461, section 3]), [ParseRecord] and
// [ParsePolicy] read texts, and [Policy.Match] compares MX hosts. [Client.Get] does all that is needed for one
// domain.
//
// The package opens no connection: DNS messages go through an [Exchanger], HTTP requests through an
// [http.RoundTripper], which follows no redirect. It caches nothing, retries nothing, sets no deadline, and
// leaves certificates and addresses to the transport.
//
// [RFC 8461]: https://www.rfc-editor.org/rfc/rfc8461
// [RFC 8461, section 3]: https://www.rfc-editor.org/rfc/rfc8461#section-3
package mtasts

import (
	"context"
	"slices"

	"github.com/miekg/dns"
)

// An Exchanger asks a full resolver one question and returns its reply, of whatever response code. It does not
// modify q, and must return when ctx ends.
//
// Its error may say why there is no reply, as a [codes.RecordFailure], and that the fault is the observer's
// own, by a method of package fault. Both are found by [errors.As].
type Exchanger interface {
	Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error)
}

// A Pair is a field of a record or of a policy that the RFC leaves to extensions.
type Pair struct {
	Name, Value string
}

// Text is the pair as the table has it, with a text between name and value: valid UTF-8 of at most 512 octets.
func (p Pair) Text(between string) string { return clean(p.Name + between + p.Value) }

// What is kept of what a Policy Domain publishes.
const (
	maxTXT      = 64       // TXT records
	maxTXTBytes = 16 << 10 // octets of them in all
	maxBody     = 64 << 10 // octets of a policy: the limit that section 3.3 suggests
	maxPairs    = 64       // pairs of a record or of a policy
)

// firstPairs are the pairs that are kept, of so many octets at most.
func firstPairs(pairs []Pair, octets int) []Pair {
	for i, p := range pairs {
		if octets -= len(p.Name) + len(p.Value); i == maxPairs || octets < 0 {
			return slices.Clone(pairs[:i])
		}
	}
	return pairs
}
