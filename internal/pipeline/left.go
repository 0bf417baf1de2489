package pipeline

import (
	"strings"
	"time"

	"stsscan/internal/terminal"
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
	case l.Waiting > 0:
		of := ""
		if l.Last.Sub(l.First) > 10*time.Second {
			of = "the first of "
		}
		return l.Brief(now) + " to ask " + of + count(l.Waiting, "domain") + " again"
	case l.Tail && l.Names() > 0:
		return l.Brief(now) + atMost(l.Most)
	}
	return ""
}

// Brief are the Words if there is little room.
func (l Left) Brief(now time.Time) string {
	switch {
	case l.Waiting > 0:
		return "waiting until " + terminal.Clock(l.First, now)
	case l.Tail && l.Names() > 0:
		return "waiting for " + count(l.Names(), "name")
	}
	return ""
}

// UnderWay say where the names under way are.
func (l Left) UnderWay() string {
	var texts []string
	switch {
	case l.Lookups == 1:
		texts = append(texts, "1 name waits for its resolver"+atMost(l.Answers))
	case l.Lookups > 1:
		texts = append(texts, count(l.Lookups, "name")+" wait for their resolver"+atMost(l.Answers))
	}
	if l.Surveys > 0 {
		texts = append(texts, count(l.Surveys, "name")+" in surveys"+atMost(l.Most))
	}
	return strings.Join(texts, "; ")
}

// count is so many of a noun.
func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return terminal.Number(n) + " " + noun
}

func atMost(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ", " + terminal.Duration(d) + " at most"
}
