package resolver

import (
	"sync"
	"time"
)

// Silences count the questions that an upstream was asked for the first time,
// and those that no attempt got a reply to, both by when they were begun: answers
// come at once and silence is known late, so that counted as they come, silence is
// nearly all there is whenever fewer questions are asked.
type silences struct {
	mu      sync.Mutex
	settled time.Duration // after which a question has its answer, or none
	spans   [4 * silenceSettles]silenceSpan
}

// silenceSpan is a part of the time that questions take to settle.
type silenceSpan struct {
	number        int64
	begun, missed int
}

const silenceSettles = 16 // spans until questions have settled

func (s *silences) at(began time.Duration) *silenceSpan {
	number := int64(began / max(s.settled/silenceSettles, 1))
	span := &s.spans[number%int64(len(s.spans))]
	if span.number < number {
		*span = silenceSpan{number: number}
	}
	return span
}

// begun notes n questions.
func (s *silences) begun(now time.Duration, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(now).begun += n
}

// missed notes that a question of a time got no reply.
func (s *silences) missed(began time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if span := s.at(began); span.begun > span.missed {
		span.missed++
	}
}

// latest counts the latest questions that have settled, of those begun after a
// time, most of them at most but for some more of the same span.
func (s *silences) latest(now, after time.Duration, most int) (begun, missed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unit := max(s.settled/silenceSettles, 1)
	last := int64((now - s.settled) / unit)
	for number := last - 1; number > last-2*silenceSettles && number > int64(after/unit) && begun < most; number-- {
		if span := s.spans[number%int64(len(s.spans))]; span.number == number {
			begun += span.begun
			missed += span.missed
		}
	}
	return begun, missed
}
