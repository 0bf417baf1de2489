package pipeline

import (
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// zoneTag marks the tag of a question for the SOA of a domain whose record is unknown. The rest of the tag is its slot.
const zoneTag = 1 << 62

// zones are the slots of domains whose last question is the one for their SOA: it tells a domain without an answer
// from a dead zone. Such a domain holds a slot, but no survey.
type zones struct {
	mu   sync.Mutex
	tags []int64
}

func (z *zones) add(tag int64) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.tags = append(z.tags, tag)
}

// take gives the next questions.
func (z *zones) take(into []resolver.Question, slots *slots) (n int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	n = min(len(z.tags), len(into))
	for i, tag := range z.tags[:n] {
		into[i] = resolver.Question{
			Name: slots.task(tag).name.Domain, Type: resolver.TypeSOA, Tag: tag | zoneTag, Again: true, Patient: true,
		}
	}
	if z.tags = z.tags[n:]; len(z.tags) == 0 {
		z.tags = nil
	}
	return n
}

// A zoneAnswer is what the answer about an SOA says.
type zoneAnswer struct {
	dead   bool
	silent bool  // there was no answer
	err    error // a fault of this machine; nil: none
}

// unreachable reports whether the zone is dead, given why the record is unknown. A zone that answered about the
// record may be slow: its silence proves nothing.
func (z *zoneAnswer) unreachable(record codes.RecordReason) bool {
	return z.dead && (!z.silent || record == codes.RecordTimeout)
}

func readZoneAnswer(a *resolver.Answer) (z zoneAnswer) {
	if a.Outcome == resolver.Reply || a.Outcome == resolver.Failed {
		z.dead, z.err = mtasts.ZoneUnreachable(a.Msg, a.Err)
		z.silent = a.Outcome == resolver.Failed
	}
	return z
}
