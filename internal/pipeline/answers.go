package pipeline

import (
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A job is a domain that needs more than a row of its own: the answer of the
// sieve is where its survey starts. Its message was read when it came, and is
// not kept.
type job struct {
	slot   int64
	answer resolver.Answer
	reply  *mtasts.FirstReply // what the message said; nil: nothing was kept of it, or there was none
	octets int                // of the budget
}

// job keeps of an answer what its survey starts from: nothing where too much
// waits already. The question is then asked again.
func (r *run) job(a *resolver.Answer) job {
	j := job{slot: a.Tag, answer: *a}
	j.answer.Msg = nil
	if a.Outcome != resolver.Reply || r.budget.spent() {
		return j
	}
	j.reply = mtasts.ReadReply(r.slots.name(a.Tag).Domain, a.Msg)
	j.octets = jobOctets + j.reply.Octets()
	r.budget.take(j.octets)
	return j
}

// answered takes answers from the sieve. It never waits for anything but the
// processor: the lanes of the engine must go on reading.
func (r *run) answered(answers []resolver.Answer) {
	var negatives []resolver.Answer
	quick := !r.Mail.all() && !r.again // such a row has no more to say than the answer
	for i := range answers {
		a := &answers[i]
		switch {
		case quick && (a.Outcome == resolver.NXDOMAIN || a.Outcome == resolver.NODATA):
			if len(negatives) == cap(negatives) {
				r.tellNegatives(negatives)
				negatives = r.blank(len(answers) - i)
			}
			negatives = append(negatives, *a)
		default:
			r.Stats.surveying.Add(1)
			r.surveys <- r.job(a)
		}
	}
	r.tellNegatives(negatives)
}

// maxNegatives is how many answers the writer is told of at a time, at most.
const maxNegatives = 512

// blank is room for n answers, or for as many as the writer is told of at a
// time. Room for a few is made to measure, as very many may wait for the writer.
func (r *run) blank(n int) []resolver.Answer {
	if n < maxNegatives/4 {
		return make([]resolver.Answer, 0, n)
	}
	select {
	case used := <-r.spare:
		return used
	default:
		return make([]resolver.Answer, 0, maxNegatives)
	}
}

// tellNegatives tells the writer of answers, if there are any.
func (r *run) tellNegatives(negatives []resolver.Answer) {
	if len(negatives) == 0 {
		return
	}
	r.Stats.absent.Add(int64(len(negatives)))
	r.events <- event{negatives: negatives, at: r.observed()}
}

// recycle keeps answers that were dealt with for the room that they take.
func (r *run) recycle(answers []resolver.Answer) {
	if cap(answers) < maxNegatives {
		return
	}
	clear(answers)
	select {
	case r.spare <- answers[:0]:
	default:
	}
}
