package monitor

import (
	"sync"
	"time"
)

// A Silence counts the questions that an upstream was asked for the first time, and those that no attempt got a reply
// to. Both are counted by when they began: answers come at once and silence is known late, so that counted as they
// come, nearly all would be silence whenever fewer questions are asked. Its methods may be called concurrently.
type Silence struct {
	// Settled is the time after which a question has its answer, or none. It is set before any use.
	Settled time.Duration

	mu    sync.Mutex
	spans [4 * silenceSpans]silenceSpan
}

// A silenceSpan is a part of the time that questions take to settle.
type silenceSpan struct {
	number        int64
	begun, missed int
}

const silenceSpans = 16 // until questions have settled

func (s *Silence) at(began time.Duration) *silenceSpan {
	number := int64(began / max(s.Settled/silenceSpans, 1))
	span := &s.spans[number%int64(len(s.spans))]
	if span.number < number {
		*span = silenceSpan{number: number}
	}
	return span
}

// Begun notes n questions.
func (s *Silence) Begun(now time.Duration, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(now).begun += n
}

// Missed notes that a question that began at a time got no reply.
func (s *Silence) Missed(began time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if span := s.at(began); span.begun > span.missed {
		span.missed++
	}
}

// Latest counts the latest questions that have settled and began after a time: most of them, and the others of the
// last span.
func (s *Silence) Latest(now, after time.Duration, most int) (begun, missed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unit := max(s.Settled/silenceSpans, 1)
	last := int64((now - s.Settled) / unit)
	for number := last - 1; number > last-2*silenceSpans && number > int64(after/unit) && begun < most; number-- {
		if span := s.spans[number%int64(len(s.spans))]; span.number == number {
			begun += span.begun
			missed += span.missed
		}
	}
	return begun, missed
}
