package pipeline

import (
	"context"
	"log/slog"
	"math"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/resolver"
)

// A measurer looks at a run ten times a second: how fast it is, why it admits no more names, and what is left.
type measurer struct {
	stats    *Stats
	outlook  Outlook                                          // nil: not known
	longest  func(question, turn time.Duration) time.Duration // how long a survey takes at most
	latest   func() time.Duration                             // how long ago a survey was begun last
	patient  bool                                             // questions have more attempts, since the domains have rows
	lastPass bool                                             // questions for the SOA follow those without an answer
	turn     time.Duration                                    // see Config.Turn
	surveys  int                                              // at a time
	slots    int                                              // in all
	log      *slog.Logger
}

// begin is called before the first name is admitted.
func (m *measurer) begin() {
	m.stats.names.note(0, codes.StandstillSource)
	m.stats.meter.begin(time.Now(), &m.stats.names)
}

// run looks until ctx ends.
func (m *measurer) run(ctx context.Context) {
	ticker := time.NewTicker(standstillLook)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.look(time.Now())
		case <-ctx.Done():
			m.look(time.Now())
			m.stats.meter.end()
			return
		}
	}
}

func (m *measurer) look(now time.Time) {
	var asked resolver.Progress
	if m.outlook != nil {
		asked = m.outlook.Progress()
	}
	flow := &m.stats.names
	surveying := m.stats.surveying.Load()
	underWay := flow.admitted.Load() - flow.rows.Load()
	left := Left{Surveys: surveying, Lookups: max(underWay-surveying, 0), Answers: asked.Due}
	why, _ := flow.why.Load().(codes.Standstill)
	switch {
	case why == "":
		left.Tail = true
	case asked.Held != "":
		why = asked.Held
	case why == codes.StandstillSlots:
		why = m.slotUse(left, asked)
	}
	left.Most = m.longestLeft(left)
	if slow, rate, peak := m.stats.meter.look(now, flow, why, left); slow {
		admission := string(m.stats.meter.cause())
		if admission == "" {
			admission = "over"
		}
		m.log.Info("the scan has been below a tenth of its peak for half a minute",
			"per_second", math.Round(100*rate)/100, "peak", math.Round(peak), "admission", admission,
			"left", left.UnderWay())
	}
}

// slotUse says what most slots are taken for; none is free.
func (m *measurer) slotUse(left Left, asked resolver.Progress) codes.Standstill {
	lookups := left.Lookups
	if m.outlook != nil {
		lookups = asked.Questions
	}
	rows := int64(m.slots) - lookups - left.Surveys // wait to be written
	switch {
	case rows > max(lookups, left.Surveys):
		return codes.StandstillDisk
	case left.Surveys > lookups:
		return codes.StandstillSurveys
	}
	return codes.StandstillSlots
}

// longestLeft is the longest time until all names under way have a row, unless an answer that is still to come has
// a record; 0: not known.
func (m *measurer) longestLeft(left Left) (most time.Duration) {
	if m.outlook == nil || left.Lookups > 0 && left.Answers <= 0 {
		return 0
	}
	question := m.outlook.Longest(m.patient)
	if left.Lookups > 0 {
		if most = left.Answers; m.lastPass {
			most += m.outlook.Longest(true) // for the SOA of a zone that gave no answer
		}
	}
	if left.Surveys > 0 {
		turns := (left.Surveys + int64(m.surveys) - 1) / int64(m.surveys)
		most = max(most, time.Duration(turns)*m.longest(question, m.turn)-m.latest())
	}
	return max(most, 0)
}
