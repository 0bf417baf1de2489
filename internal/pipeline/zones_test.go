package pipeline

import (
	"context"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// A zoneFault is a town in which a fault of this machine meets the first questions for zones.
type zoneFault struct {
	*town
	left int
}

func (e *zoneFault) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	return e.town.Sweep(ctx, next, func(answers []resolver.Answer) {
		for i, a := range answers {
			if a.Tag >= zoneTag && e.left > 0 {
				e.left--
				answers[i] = resolver.Answer{Tag: a.Tag, Rcode: -1, Err: errLocal{}}
			}
		}
		yield(answers)
	})
}

// A fault of this machine that meets the last question says nothing about a zone: the domain waits, and is asked
// again in the same pass.
func TestZoneFault(t *testing.T) {
	const names = 3
	e := &zoneFault{town: newTown(), left: names}
	e.fails = func(string, int) int { return -1 }
	e.dead = func(string) bool { return true }
	s := e.survey(t, listed{parts: 1, size: names}, 1)
	s.Engine = e
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "local" || row.RecordReason != "timeout" {
			t.Errorf("%s: %s, pending %q", domain, row.RecordReason, row.Pending)
		}
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "" || row.RecordReason != "zone_unreachable" || row.Pass != 1 {
			t.Errorf("%s: %s, pending %q, pass %d", domain, row.RecordReason, row.Pending, row.Pass)
		}
	}
}

// Of a zone that answered about the record, if only to decline, silence is no proof.
func TestZoneUnreachable(t *testing.T) {
	servfail := func(extended ...uint16) *dns.Msg {
		m := new(dns.Msg).SetRcode(new(dns.Msg).SetQuestion("example.com.", dns.TypeSOA), dns.RcodeServerFailure)
		for _, code := range extended {
			m.SetEdns0(1232, false)
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: code})
		}
		return m
	}
	for title, c := range map[string]struct {
		record codes.RecordReason
		answer resolver.Answer
		want   bool
	}{
		"silence after silence":  {codes.RecordTimeout, resolver.Answer{Err: errSilence{}}, true},
		"silence after SERVFAIL": {codes.RecordServfail, resolver.Answer{Err: errSilence{}}, false},
		"SERVFAIL after silence": {codes.RecordTimeout, resolver.Answer{Outcome: resolver.Reply,
			Msg: servfail()}, true},
		"SERVFAIL after SERVFAIL": {codes.RecordServfail, resolver.Answer{Outcome: resolver.Reply,
			Msg: servfail()}, true},
		"not valid after SERVFAIL": {codes.RecordServfail, resolver.Answer{Outcome: resolver.Reply,
			Msg: servfail(6)}, false},
		"a denial after SERVFAIL":       {codes.RecordServfail, resolver.Answer{Outcome: resolver.NODATA}, false},
		"no such domain after all":      {codes.RecordTimeout, resolver.Answer{Outcome: resolver.NXDOMAIN}, false},
		"a fault of ours after silence": {codes.RecordTimeout, resolver.Answer{Err: errLocal{}}, false},
	} {
		t.Run(title, func(t *testing.T) {
			zone := readZoneAnswer(&c.answer)
			if got := zone.unreachable(c.record); got != c.want {
				t.Errorf("unreachable: %v, want %v", got, c.want)
			}
		})
	}
}

// errSilence is a question that got no answer.
type errSilence struct{}

func (errSilence) Error() string                    { return "no answer" }
func (errSilence) RecordReason() codes.RecordReason { return codes.RecordTimeout }

// What strangers sent about a domain counts for the budget while its row waits for what is known of the zone too.
func TestZoneBudget(t *testing.T) {
	j := &surveys{
		surveyor: surveyorOf(t.Context(), Config{Engine: newTown()}), stats: new(Stats), work: t.Context(), slots: newSlots(1), budget: new(budget), events: newFIFO[event](),
		zones: new(zones),
	}
	var tags [1]int64
	j.slots.take(tags[:])
	j.slots.fill(tags[0], task{name: domains.Name{Domain: "example.com"}, previous: new(survey.Previous)},
		&part{batch: new(newNames)})
	row := &output.Row{Record: "unknown", RecordReason: "servfail", TLSARecords: []string{strings.Repeat("00", 1<<10)}}
	j.awaitSOA(tags[0], survey.Result{Row: row})
	if held := j.budget.octets.Load(); held < 1<<10 {
		t.Errorf("%d octets while the row waits", held)
	}
	j.emitAfterSOA(tags[0], &zoneAnswer{dead: true})
	events, _ := j.events.take(nil)
	if held := j.budget.octets.Load(); len(events) != 1 || held != int64(events[0].octets) ||
		row.RecordReason != "zone_unreachable" {
		t.Errorf("%d octets of %+v when it is done", held, events)
	}
}
