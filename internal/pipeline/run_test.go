package pipeline

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
	"stsscan/internal/verify"
)

// scanInto runs a list through the pipeline into dir.
func scanInto(ctx context.Context, t *testing.T, config Config, list listed, dir string) error {
	t.Helper()
	dataset, err := output.Open(dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	config.Chunks = list
	config.Dataset = dataset
	config.Source = &queue.Static{Parts: list.parts, Done: func(k int) bool {
		_, whole, err := dataset.Whole(k)
		if err != nil {
			t.Fatal(err)
		}
		return whole
	}}
	return Run(ctx, config)
}

// Each row of a run equals the truth of the population, and each name has one.
func TestRunEqualsTruth(t *testing.T) {
	world, err := simnet.Generate("errors", 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	list := listed{parts: 5, size: 200}
	dir := t.TempDir()
	config := inWorld(t, world)
	config.Deadline = 8 * time.Second // of the few hosts that hang
	config.Surveys = 32               // which on a busy machine do not run out of it
	infos := make(map[int]output.PartInfo)
	config.Wrote = func(info output.PartInfo) { infos[info.Part] = info }
	if err := scanInto(t.Context(), t, config, list, dir); err != nil {
		t.Fatal(err)
	}
	// What failed while this machine was too busy is asked again.
	config.Chunks = list
	if config.Dataset, err = output.Open(dir, output.Identity{Input: "test"}); err != nil {
		t.Fatal(err)
	}
	waiting := slices.DeleteFunc(slices.Collect(maps.Values(infos)),
		func(info output.PartInfo) bool { return info.Pending == 0 })
	if err := Repass(t.Context(), config, waiting); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, dir)
	if len(rows) != list.parts*list.size {
		t.Errorf("%d rows for %d names", len(rows), list.parts*list.size)
	}
	for domain, row := range rows {
		truth, ok := world.Truth(domain, row.Rank)
		if !ok {
			t.Fatalf("%s: no truth", domain)
		}
		for _, difference := range verify.CompareTruth(row, truth) {
			t.Errorf("%s (%s): %s", domain, truth.Class, difference)
		}
	}
}

// An interrupt leaves whole parts only, and the same run again ends with every row once.
func TestInterruptAndResume(t *testing.T) {
	world, err := simnet.Generate("zones", 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	list := listed{parts: 6, size: 100}
	dir := t.TempDir()

	config := inWorld(t, world)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config.Engine = &interrupting{Engine: config.Engine, after: 250, interrupt: cancel}
	if err := scanInto(ctx, t, config, list, dir); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("interrupted run: %v, want ErrInterrupted", err)
	}
	if got := len(rowsIn(t, dir)); got != 200 {
		t.Errorf("%d rows after an interrupt in the third part, want the 200 of two whole parts", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".tmp-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}

	if err := scanInto(t.Context(), t, inWorld(t, world), list, dir); err != nil {
		t.Fatalf("resumed run: %v", err)
	}
	if got := len(rowsIn(t, dir)); got != 600 {
		t.Errorf("%d rows after the resume, want 600", got)
	}
}

// interrupting is an Engine that interrupts the run after some names.
type interrupting struct {
	Engine
	after     int
	interrupt func()
}

func (e *interrupting) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	asked := 0
	return e.Engine.Sweep(ctx, func(into []resolver.Question) (int, bool) {
		if asked >= e.after {
			e.interrupt()
		}
		n, more := next(into)
		for _, q := range into[:n] {
			if q.Type == resolver.TypeTXT { // and not the zone of a name that was counted
				asked++
			}
		}
		return n, more
	}, yield)
}

// An interrupt after the last name is none: the run ends complete.
func TestInterruptAtTheEnd(t *testing.T) {
	world, err := simnet.Generate("zones", 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	list := listed{parts: 2, size: 50}
	config := inWorld(t, world)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config.Engine = &interrupting{Engine: config.Engine, after: 100, interrupt: cancel}
	dir := t.TempDir()
	if err := scanInto(ctx, t, config, list, dir); err != nil {
		t.Errorf("run: %v", err)
	}
	if got := len(rowsIn(t, dir)); got != 100 {
		t.Errorf("%d rows, want 100", got)
	}
}

// errLocal is a fault of this machine.
type errLocal struct{}

func (errLocal) Error() string { return "too many open files" }
func (errLocal) Local() bool   { return true }

// RecordReason is empty, as for the resolver's faults of its own.
func (errLocal) RecordReason() codes.RecordReason { return "" }

// However many names there are and however slow surveys are, no more names are under way than there are slots.
func TestAdmissionIsBounded(t *testing.T) {
	world, err := simnet.Generate("zones", 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	slow := &slowSurveys{Engine: inMemory{world: world}}
	config := inEngine(t, slow, world)
	config.InFlight, config.Surveys, config.maxWaiting = 10, 2, 5
	dir := t.TempDir()
	if err := scanInto(t.Context(), t, config, listed{parts: 1, size: 100}, dir); err != nil {
		t.Fatal(err)
	}
	if got, most := slow.admitted.Load(), int64(10+2*10+2*2+5); got > most {
		t.Errorf("%d names admitted before the first survey ended, want at most %d", got, most)
	}
	if got := len(rowsIn(t, dir)); got != 100 {
		t.Errorf("%d rows, want 100", got)
	}
}

// slowSurveys is an Engine that leaves every domain to a survey, each of which takes a while. It counts the names
// admitted until the first survey ends.
type slowSurveys struct {
	Engine
	admitted atomic.Int64
	ended    atomic.Bool
}

func (e *slowSurveys) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	time.Sleep(20 * time.Millisecond)
	e.ended.Store(true)
	return e.Engine.Exchange(ctx, q)
}

func (e *slowSurveys) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	into := make([]resolver.Question, 7)
	for more := true; more && ctx.Err() == nil; {
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(time.Millisecond)
		}
		if !e.ended.Load() {
			e.admitted.Add(int64(n))
		}
		for _, q := range into[:n] {
			reply := message(q)
			owner := reply.Question[0].Name
			reply.Response = true
			reply.Answer = []dns.RR{&dns.CNAME{
				Hdr:    dns.RR_Header{Name: owner, Rrtype: dns.TypeCNAME, Class: dns.ClassINET},
				Target: "nobody.example.com.",
			}}
			yield([]resolver.Answer{{Tag: q.Tag, Outcome: resolver.Reply, Msg: reply}})
		}
	}
	return context.Cause(ctx)
}

// A plain negative has the same row whether the sieve makes it from its own reading of the reply or a survey makes
// it from the message.
func TestDenialEqualsSurvey(t *testing.T) {
	world, err := simnet.Generate("errors", 11, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	server, err := world.Listen(t.Context(), simnet.Addrs{DNS: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	engine, err := resolver.New(resolver.Config{Upstreams: []netip.AddrPort{server.DNS}, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()

	const names = 3000
	var mu sync.Mutex
	var negatives []resolver.Answer
	var rank int64
	err = engine.Sweep(t.Context(), func(into []resolver.Question) (n int, more bool) {
		for ; n < len(into) && rank < names; n++ {
			rank++
			into[n] = resolver.Question{Label: mtasts.RecordLabel, Name: domainOf(rank), Type: dns.TypeTXT, Tag: rank}
		}
		return n, rank < names
	}, func(answers []resolver.Answer) {
		mu.Lock()
		defer mu.Unlock()
		for _, a := range answers {
			if a.Outcome == resolver.NXDOMAIN || a.Outcome == resolver.NODATA {
				negatives = append(negatives, a)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(negatives) < names/10 {
		t.Errorf("only %d negatives among %d domains", len(negatives), names)
	}
	config := inWorld(t, world)
	config.Common.ListRank = new(int64(7))
	r := surveyorOf(t.Context(), config)
	for _, a := range negatives {
		name := domains.Name{Domain: domainOf(a.Tag), Rank: a.Tag, List: "made up"}
		q := new(dns.Msg)
		q.SetQuestion(mtasts.RecordLabel+"."+name.Domain+".", dns.TypeTXT)
		q.SetEdns0(1232, false)
		reply, err := world.Exchange(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var denial output.Denial
		r.Rows.FillDenial(&denial, &name, &a)
		quick := survey.WholeDenial(&denial, &name)
		quick.Resolver = a.Trace.Upstream.String()
		surveyed := rowFrom(t, r, &name, &survey.FirstAnswer{
			Answer: resolver.Answer{Outcome: resolver.Reply, Trace: a.Trace}, Reply: mtasts.ReadReply(name.Domain, reply),
		})
		if !reflect.DeepEqual(quick, surveyed) {
			t.Errorf("%s:\nsieve  %+v\nsurvey %+v", name.Domain, quick, surveyed)
		}
		if quick.ListRank == nil || *quick.ListRank != 7 {
			t.Errorf("%s lacks what all rows have in common", name.Domain)
		}
	}
}
