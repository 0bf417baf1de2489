package resolver

import (
	"context"
	"time"
)

// patientTimes is how many times as many attempts a question with patience gets, as long as no reply can be read. On
// a path that loses one packet in five, three attempts leave one question in a hundred to chance, and nine one in two
// million. An upstream that declines needs no such patience.
const patientTimes = 3

// wholeTime is how many time-outs a question takes in all at a prompt upstream: one over which its attempts are
// spread, and the rest for a reply to the last.
const wholeTime = 1.6

// promptRounds is how old the last good canaries of a prompt upstream may be, in intervals of a [Watch].
const promptRounds = 3

// WithPatience returns a context in which Exchange makes three times as many attempts, as long as no reply can be
// read.
func WithPatience(ctx context.Context) context.Context {
	return context.WithValue(ctx, patienceKey{}, true)
}

type patienceKey struct{}

// patient reports whether ctx is from WithPatience.
func patient(ctx context.Context) bool { return ctx.Value(patienceKey{}) != nil }

// A schedule says how often a question is asked, and how long each attempt waits.
type schedule struct {
	timeout  time.Duration // of an attempt at an upstream that is not known to be prompt
	attempts int
}

// maxAttempts is how many attempts a question gets. declined: it got a reply whose rcode is tried again.
func (s *schedule) maxAttempts(patient, declined bool) int {
	if !patient || declined {
		return s.attempts
	}
	return min(patientTimes*s.attempts, 1+MaxRetries)
}

// wait is how long after the last of so many attempts without an answer the next one is due, or the question is
// given up. An upstream that is not known to be prompt has a time-out for each attempt. A prompt one, which answers
// others, gets the last attempt one time-out after the first, since a reply to any of them will do. Closer together
// they would mostly ask for what a resolver still works on, which costs it more than it helps (bench/unbound).
func (s *schedule) wait(made int, patient, prompt bool) time.Duration {
	if !prompt {
		return s.timeout
	}
	most := s.maxAttempts(patient, false)
	step := s.timeout / time.Duration(max(most-1, 1))
	if made < most {
		return step
	}
	whole := time.Duration(min(wholeTime, float64(most)) * float64(s.timeout))
	return min(whole-time.Duration(most-1)*step, s.timeout)
}

// longest is how long a question without a reply takes in all.
func (s *schedule) longest(patient, prompt bool) (whole time.Duration) {
	for made := 1; made <= s.maxAttempts(patient, false); made++ {
		whole += s.wait(made, patient, prompt)
	}
	return whole
}

// waitExchange is wait at a prompt upstream for a question outside of a Sweep. One with patience is mostly asked for
// the first time in a last pass, so a slow answer has longer to come: half a time-out for each attempt.
func (s *schedule) waitExchange(made int, patient bool) time.Duration {
	if patient {
		return s.timeout / 2
	}
	return s.wait(made, false, true)
}

// MaxRetries is the most that [Config].Retries may be: attempts are counted in an octet.
const MaxRetries = 254

// A step is where an attempt goes on.
type step uint8

const (
	stepUDP  step = iota // from its beginning
	stepTCP              // the answer over UDP is truncated, or not to be believed
	stepBare             // EDNS(0) was not understood
	stepNone             // no attempt is left: what remains is to judge
	stepWait             // replies to earlier attempts are still expected
)

// stall is how late a lane may come round before it takes it that the process, or the machine, was stopped.
const stall = time.Second

// maxRestarts is how often a question that failed by a fault of this machine is asked from its beginning while
// upstreams answer others well.
const maxRestarts = 32
