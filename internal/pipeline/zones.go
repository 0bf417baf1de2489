package pipeline

import (
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// zoneTag marks, in the tag of a question, that for the SOA of a domain whose record
// could not be had: the rest is its slot.
const zoneTag = 1 << 62

// zones are the slots whose rows wait for that question to be asked: a last answer,
// which tells a domain that is out of reach from a dead zone. It holds a slot, and no
// survey.
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

// A zoneAnswer is what came of such a question.
type zoneAnswer struct {
	dead   bool
	silent bool  // for there was no answer
	err    error // a fault of this machine; nil: none
}

// unreachable reports whether the zone of a record that could not be had for this
// reason is dead. Of one that gave an answer about the record, silence is no proof: it may be
// slow.
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
