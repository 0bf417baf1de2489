// Package mtasts is RFC 8461 (SMTP MTA Strict Transport Security) as an
// observer sees it: the grammar of the record (section 3.1) and of the policy
// (section 3.2), discovery through the DNS, retrieval over HTTPS (section 3.3),
// MX matching (section 4.1) and the classes of what can go wrong.
//
// Every text has two readings. The strict one follows the letter of the RFC.
// The lenient one says whether most senders would use the text nevertheless: of
// policies that was counted (docs/lenient.md). Whatever is odd is a finding,
// tolerated or not. Errors come with everything that was seen before
// them, and each wraps exactly one sentinel, see [Sentinel].
//
// The package opens no connection: DNS messages go through an [Exchanger], HTTP
// requests through an [http.RoundTripper], which by its nature follows no
// redirect. It caches nothing, retries nothing, sets no deadline, and does not
// judge certificates or addresses: these are the transport's duties.
package mtasts

import (
	"context"
	"slices"

	"github.com/miekg/dns"
)

// An Exchanger asks a full resolver one question and returns its reply, of
// whatever response code. It does not modify q, and must return when ctx ends.
//
// Its error may say why there is no reply, as a [codes.RecordFailure], and whether
// the fault is the observer's own, by a method of package fault. Both are looked for
// with [errors.As].
type Exchanger interface {
	Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error)
}

// A Pair is a field of a record or of a policy that the RFC leaves to
// extensions.
type Pair struct {
	Name, Value string
}

// Text is the pair as the table has it, with between in between: valid UTF-8 of at
// most 512 octets.
func (p Pair) Text(between string) string { return clean(p.Name + between + p.Value) }

// What is kept of what a Policy Domain publishes.
const (
	maxTXT      = 64       // TXT records
	maxTXTBytes = 16 << 10 // octets of them in all
	maxBody     = 64 << 10 // octets of a policy: the limit that section 3.3 suggests
	maxPairs    = 64       // pairs of a record or of a policy
)

// firstPairs are those that are kept, of so many octets at most.
func firstPairs(pairs []Pair, octets int) []Pair {
	for i, p := range pairs {
		if octets -= len(p.Name) + len(p.Value); i == maxPairs || octets < 0 {
			return slices.Clone(pairs[:i])
		}
	}
	return pairs
}
