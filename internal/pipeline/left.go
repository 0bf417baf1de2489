package pipeline

import (
	"fmt"
	"strings"
	"time"
)

// A Left is what a run waits for.
type Left struct {
	// Tail says that all names of the pass, or of the round, are admitted: only those under way are left.
	Tail    bool
	Lookups int64         // names without an answer yet
	Answers time.Duration // at most until all of them have one; 0: not known
	Surveys int64         // names that are surveyed, or wait for that
	Most    time.Duration // at most until all names under way have a row; 0: not known

	// Waiting names are asked again from First to Last, if none is under way.
	Waiting     int64
	First, Last time.Time
}

// Names is the number of names under way.
func (l Left) Names() int64 { return l.Lookups + l.Surveys }

// Words say what the run waits for, and how long; empty if it does more than wait.
func (l Left) Words(now time.Time) string {
	switch {
	case l.Waiting == 1:
		return "the name that is left is asked again in " + l.when(now)
	case l.Waiting > 1:
		return fmt.Sprintf("all %d names that are left are asked again in %s", l.Waiting, l.when(now))
	case l.Tail && l.Names() > 0:
		return "waiting for " + names(l.Names()) + atMost(l.Most)
	}
	return ""
}

// Brief are the Words if there is little room.
func (l Left) Brief(now time.Time) string {
	if l.Waiting > 0 {
		return "asked again in " + l.when(now)
	}
	return l.Words(now)
}

// when is the time until the waiting names are asked again.
func (l Left) when(now time.Time) string {
	first, last := inWords(l.First.Sub(now)), inWords(l.Last.Sub(now))
	if first == last || !l.Last.After(l.First) {
		return first
	}
	return first + " to " + last
}

// UnderWay say where the names under way are.
func (l Left) UnderWay() string {
	var texts []string
	switch {
	case l.Lookups == 1:
		texts = append(texts, "1 name waits for its resolver"+atMost(l.Answers))
	case l.Lookups > 1:
		texts = append(texts, names(l.Lookups)+" wait for their resolver"+atMost(l.Answers))
	}
	if l.Surveys > 0 {
		texts = append(texts, names(l.Surveys)+" in surveys"+atMost(l.Most))
	}
	return strings.Join(texts, "; ")
}

func names(n int64) string {
	if n == 1 {
		return "1 name"
	}
	return fmt.Sprintf("%d names", n)
}

func atMost(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ", " + inWords(d) + " at most"
}

// inWords is a time in words, rounded up: 40 s, 4 min 10 s, 2 h 5 min.
func inWords(d time.Duration) string {
	unit := time.Second
	if d > time.Hour {
		unit = time.Minute
	}
	s := int64(max(d+unit-1, 0)/unit) * int64(unit/time.Second)
	parts := []struct {
		n    int64
		unit string
	}{{s / 3600, "h"}, {s / 60 % 60, "min"}, {s % 60, "s"}}
	var texts []string
	for _, p := range parts {
		if p.n > 0 && len(texts) < 2 {
			texts = append(texts, fmt.Sprintf("%d %s", p.n, p.unit))
		}
	}
	if len(texts) == 0 {
		return "0 s"
	}
	return strings.Join(texts, " ")
}
