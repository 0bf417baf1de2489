package pipeline

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// floods is an Engine whose names have very many TXT records, and Policy Hosts that no source says anything about
// until it is released.
type floods struct {
	resolver.Unwatched
	texts    func(owner string) []dns.RR // beside the record
	window   int                         // questions that it takes at once
	answered func(more int)              // called when they all have their answers, with how many could be taken then

	again    atomic.Int64 // questions for TXT that no sweep has asked
	released chan struct{}
	once     sync.Once
}

func (e *floods) reply(owner string, qtype uint16) *dns.Msg {
	m := new(dns.Msg).SetQuestion(owner, qtype)
	m.Response = true
	if qtype == dns.TypeTXT && strings.HasPrefix(owner, mtasts.RecordLabel) {
		m.Answer = append(e.texts(owner), &dns.TXT{Hdr: header(owner), Txt: []string{"v=STSv1; id=1;"}})
		return m
	}
	m.Rcode = dns.RcodeNameError
	return m
}

func header(owner string) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60}
}

func (e *floods) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	name, qtype := q.Question[0].Name, q.Question[0].Qtype
	if qtype == dns.TypeTXT && strings.HasPrefix(name, mtasts.RecordLabel) {
		e.again.Add(1)
	}
	select {
	case <-e.released:
		return e.reply(name, qtype), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (e *floods) Sweep(ctx context.Context, next func([]resolver.Question) (int, bool),
	yield func([]resolver.Answer)) error {
	into := make([]resolver.Question, e.window)
	answer := func(questions []resolver.Question) {
		for _, q := range questions {
			yield([]resolver.Answer{{
				Tag: q.Tag, Outcome: resolver.Reply, Msg: e.reply(message(q).Question[0].Name,
					q.Type), Trace: resolver.Trace{Attempts: 1},
			}})
		}
	}
	for more := true; more && ctx.Err() == nil; {
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(time.Millisecond)
		}
		answer(into[:n])
		e.once.Do(func() {
			extra := 0
			if more {
				extra, more = next(into[:1])
			}
			e.answered(extra)
			close(e.released)
			answer(into[:extra])
		})
	}
	return context.Cause(ctx)
}

// scanned are the rows of a run over so many names.
func (e *floods) scanned(t *testing.T, names int) map[string]*output.Row {
	t.Helper()
	e.released = make(chan struct{})
	transport, err := egress.NewTransport(egress.Config{Manners: egress.NoManners(), Resolve: survey.Hosts(e, nil),
		UserAgent: "stsscan/test"})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Engine: e, Client: &mtasts.Client{Exchanger: e, Transport: transport}, InFlight: names, Surveys: 8, Deadline: time.Hour,
		Mail: survey.Mail{MX: survey.ExtentNone, TLSRPT: survey.ExtentNone, DANE: survey.ExtentNone},
	}
	dir := t.TempDir()
	if err := scanInto(t.Context(), t, config, listed{parts: 1, size: names}, dir); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, dir)
	if len(rows) != names {
		t.Errorf("%d rows, want %d", len(rows), names)
	}
	return rows
}

// Answers of 64 KiB that wait for their surveys take no more than a row does.
func TestLargeAnswersWait(t *testing.T) {
	const names, texts = 300, 4000
	var before, after runtime.MemStats
	e := &floods{window: names}
	e.texts = func(owner string) (rrs []dns.RR) {
		for range texts {
			rrs = append(rrs, &dns.TXT{Hdr: header(owner), Txt: []string{"x"}})
		}
		return rrs
	}
	e.answered = func(int) {
		runtime.GC()
		runtime.ReadMemStats(&after)
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	rows := e.scanned(t, names)
	if got, most := int(after.HeapAlloc)-int(before.HeapAlloc), 24<<20; got > most {
		t.Errorf("%d octets wait for %d names, more than %d", got, names, most)
	}
	for domain, row := range rows {
		if row.Record != "valid" || *row.TXTCount != texts+1 || len(row.TXT) != 64 ||
			string(row.TXT[0]) != "v=STSv1; id=1;" || row.Attempts != 1 {
			t.Errorf("%s: record %s, %d of %d TXT records, %d attempts", domain, row.Record, len(row.TXT), *row.TXTCount,
				row.Attempts)
		}
	}
}

// When too much waits no name is admitted, and of further answers nothing is kept: their questions are asked again,
// and each row is as it would be.
func TestBudgetIsSpent(t *testing.T) {
	const window, names = 5000, 5100
	large := strings.Repeat("x", 15<<10)
	const fewest, most = window - maxHeld/(15<<10), window - maxHeld/(17<<10)
	e := &floods{window: window}
	e.texts = func(owner string) []dns.RR { return []dns.RR{&dns.TXT{Hdr: header(owner), Txt: []string{large}}} }
	e.answered = func(more int) {
		if more != 0 {
			t.Errorf("names are admitted while too much waits")
		}
	}
	rows := e.scanned(t, names)
	if got := e.again.Load(); got < fewest || got > most {
		t.Errorf("%d questions were asked again, want %d to %d", got, fewest, most)
	}
	for domain, row := range rows {
		if row.Record != "valid" || row.PolicyReason != "nxdomain" || len(row.TXT) != 2 || row.Attempts != 1 {
			t.Errorf("%s: record %s, policy reason %s, %d TXT records, %d attempts", domain, row.Record, row.PolicyReason,
				len(row.TXT), row.Attempts)
		}
	}
}

// evidence is a row with 64 KiB of it.
func evidence(rank int64) *output.Row {
	return &output.Row{
		Domain: domainOf(rank), Rank: rank, List: "l", TLD: "com", Record: "valid", Policy: "valid", PolicyText: make([]byte, 64<<10),
		ObservedAt: time.Unix(0, 0).UTC(), Pass: 1,
	}
}

// However many parts are open, their rows that wait share the memory, and what is written counts no more.
func TestWaitingRowsShareMemory(t *testing.T) {
	const parts, size = 64, 15 // of less than a batch each
	dataset, err := output.Open(t.TempDir(), output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{
		Dataset: dataset, OpenParts: parts, running: t.Context(), slots: newSlots(1), budget: new(budget), open: make(map[*part]bool),
	}
	for k := range parts {
		first, last := listed{parts: parts, size: size + 1}.Ranks(k)
		p := &part{info: output.PartInfo{Part: k, FirstRank: first, LastRank: last}, batch: new(newNames)}
		w.take(&event{part: p})
		for i := range size {
			row := evidence(first + int64(i))
			octets := row.Octets()
			w.budget.take(octets)
			w.slots.fill(0, task{previous: new(survey.Previous)}, p)
			w.take(&event{part: p, row: row, octets: octets})
			if held := w.budget.octets.Load(); held != int64(w.waitingOctets) || held >= flushAllOctets {
				t.Fatalf("%d octets are held after part %d, and %d are in rows that wait", held, k, w.waitingOctets)
			}
		}
	}
	for p := range w.open {
		if p.file != nil {
			_ = p.file.Abort()
		}
	}
}

// Many revisits at a time share the memory for rows that are kept whole.
func TestRevisitsShareMemory(t *testing.T) {
	const rows = 40
	dataset, err := output.Open(t.TempDir(), output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	part, err := dataset.Create(0, 1, rows)
	if err != nil {
		t.Fatal(err)
	}
	for rank := range int64(rows) {
		row := evidence(rank + 1)
		row.Pending, row.MX = "manners", []output.MXHost{{Host: "mx.example.net", Addr: new("22.1.0.1")}}
		if err := part.Write([]output.Row{*row}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := part.Commit()
	if err != nil {
		t.Fatal(err)
	}
	waits := newPendingParts(time.Now, 0, time.Second)
	waits.note(info)
	v, err := (&revisiting{Dataset: dataset, Now: time.Now, pending: waits, stop: t.Context(),
		octets: new(atomic.Int64)}).read(info, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, most := len(v.rows), revisitsOctets/waits.partsNow()/(64<<10)+1; got < 1 || got > most {
		t.Errorf("%d rows are kept, want at most %d, with %d revisits", got, most, waits.partsNow())
	}
}
