package pipeline

import (
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// answers takes the answers from the sieve.
type answers struct {
	jobs   *jobs
	rows   *survey.Rows
	stats  *Stats
	events *fifo[event]
	quick  bool                   // a plain negative has no more to say than its answer
	spare  chan []resolver.Answer // used up
}

// take takes answers. It never waits for anything but the processor: the lanes of
// the engine must go on reading.
func (a *answers) take(answers []resolver.Answer) {
	var negatives []resolver.Answer
	for i := range answers {
		answer := &answers[i]
		switch {
		case answer.Tag >= zoneTag:
			a.jobs.addZone(answer)
		case a.quick && (answer.Outcome == resolver.NXDOMAIN || answer.Outcome == resolver.NODATA):
			if len(negatives) == cap(negatives) {
				a.tellNegatives(negatives)
				negatives = a.blank(len(answers) - i)
			}
			negatives = append(negatives, *answer)
		default:
			a.jobs.add(answer)
		}
	}
	a.tellNegatives(negatives)
}

// blank is room for n answers, or for as many as the writer is told of at a
// time. Room for a few is made to measure, as very many may wait for the writer.
func (a *answers) blank(n int) []resolver.Answer {
	if n < maxNegatives/4 {
		return make([]resolver.Answer, 0, n)
	}
	select {
	case used := <-a.spare:
		return used
	default:
		return make([]resolver.Answer, 0, maxNegatives)
	}
}

// tellNegatives tells the writer of answers, if there are any.
func (a *answers) tellNegatives(negatives []resolver.Answer) {
	if len(negatives) == 0 {
		return
	}
	a.stats.absent.Add(int64(len(negatives)))
	a.stats.flow.settled.Add(int64(len(negatives)))
	a.jobs.slots.unwritten.Add(int64(len(negatives)))
	a.events.push(event{negatives: negatives, at: a.rows.Observed()})
}
