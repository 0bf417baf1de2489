package pipeline

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/resolver"
)

// A slowTown is a town in which some questions of the sieve have no answer until all is done that can be done
// without.
type slowTown struct {
	*town
	slow func(q resolver.Question) bool
	done func(kept int) bool // all is, while so many are kept

	asked int // names, kept ones too
	kept  []resolver.Question
}

func (e *slowTown) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	began := time.Now()
	return sweepBy(e.Exchange, ctx, func(into []resolver.Question) (n int, more bool) {
		given, more := next(into)
		for _, q := range into[:given] {
			if q.Type == resolver.TypeTXT {
				e.asked++
			}
			if e.slow(q) {
				e.kept = append(e.kept, q)
				continue
			}
			into[n] = q
			n++
		}
		if given == 0 && len(e.kept) > 0 && (e.done(len(e.kept)) || time.Since(began) > 20*time.Second) {
			n = copy(into, e.kept)
			e.kept = e.kept[n:]
		}
		return n, more || len(e.kept) > 0
	}, yield)
}

// A part that waits for its last names does not keep new names out, however many of them there are: only a limit of
// what may be open does.
func TestStragglersHoldNothingUp(t *testing.T) {
	const parts, size = 20, 10
	for _, tt := range []struct{ most, want int }{{64, parts * size}, {7, 7 * size}} {
		t.Run(fmt.Sprint(tt.most), func(t *testing.T) {
			t.Parallel()
			e := &slowTown{town: newTown()}
			e.slow = func(q resolver.Question) bool { return rankOf(q.Name)%size == 3 }
			admitted, looks := 0, 0
			e.done = func(int) bool {
				if e.asked >= tt.want {
					looks++
				}
				if looks == 20 { // more could have come
					admitted = e.asked
				}
				return looks >= 20
			}
			s := e.survey(t, listed{parts: parts, size: size}, 1)
			s.Engine, s.OpenParts, s.MostParts = e, 2, tt.most
			if err := Run(t.Context(), s.Config); err != nil {
				t.Fatal(err)
			}
			if rows := rowsIn(t, s.dir); len(rows) != parts*size || admitted != tt.want {
				t.Errorf("%d rows; %d names were admitted while the last of each part was waited for, want %d", len(rows),
					admitted, tt.want)
			}
		})
	}
}

// However many domains have zones that are dead, and however long those are waited for, no survey is held up by
// them: neither by the question that failed, nor by the one for the zone.
func TestDeadZonesHoldNoSurvey(t *testing.T) {
	const names = 60
	e := &slowTown{town: newTown()}
	silent := func(domain string) bool { return rankOf(domain)%2 == 0 }
	e.fails = func(domain string, _ int) int {
		if silent(domain) {
			return -1
		}
		return 0
	}
	e.dead = silent
	e.slow = func(q resolver.Question) bool { return q.Type == resolver.TypeSOA }
	var surveyed atomic.Int64
	e.serve = func(string, string) (int, error) { surveyed.Add(1); return 200, nil }
	alone := false
	e.done = func(kept int) bool {
		alone = alone || kept == names/2 && surveyed.Load() == names/2
		return alone
	}
	s := e.survey(t, listed{parts: 1, size: names}, 1)
	s.Engine, s.Client.Exchanger, s.Surveys = e, &noSOA{e.town, t}, 1
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if !alone {
		t.Errorf("%d of %d domains were surveyed while zones were waited for", surveyed.Load(), names/2)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if want := map[bool]string{true: "zone_unreachable"}[silent(domain)]; row.RecordReason != want || row.Pending != "" {
			t.Errorf("%s: %s, pending %q", domain, row.RecordReason, row.Pending)
		}
	}
}

// noSOA is a town that no survey asks about a zone.
type noSOA struct {
	*town
	t *testing.T
}

func (e *noSOA) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	if q.Question[0].Qtype == dns.TypeSOA {
		e.t.Errorf("a survey asks about %s", q.Question[0].Name)
	}
	return e.town.Exchange(ctx, q)
}

// Very many parts are open, and few have row groups in memory: rows that come late are written all the same, and
// each once.
func TestMorePartsThanRowGroups(t *testing.T) {
	const parts, size = 12, 40
	e := &slowTown{town: newTown()}
	e.fails = func(domain string, _ int) int {
		if rankOf(domain)%3 > 0 {
			return dns.RcodeNameError
		}
		return 0
	}
	e.slow = func(q resolver.Question) bool { return rankOf(q.Name)%8 == 0 }
	e.done = func(int) bool { return e.asked == parts*size }
	s := e.survey(t, listed{parts: parts, size: size}, 1)
	s.Engine, s.OpenParts, s.MostParts = e, 1, parts
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, s.dir)
	if len(rows) != parts*size {
		t.Errorf("%d rows", len(rows))
	}
}

// sweepBy is a Sweep that tells denials apart, as that of a resolver does.
func sweepBy(exchange func(context.Context, *dns.Msg) (*dns.Msg, error), ctx context.Context,
	next func([]resolver.Question) (int, bool), yield func([]resolver.Answer)) error {
	into := make([]resolver.Question, 7)
	for more := true; more && ctx.Err() == nil; {
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(time.Millisecond)
		}
		for _, q := range into[:n] {
			a := resolver.Answer{Tag: q.Tag, Outcome: resolver.Reply, Trace: resolver.Trace{Upstream: upstreams[0]}}
			reply, err := exchange(ctx, message(q))
			switch {
			case err != nil:
				a.Outcome, a.Err = resolver.Failed, err
			case reply.Rcode == dns.RcodeNameError:
				a.Outcome, a.Rcode = resolver.NXDOMAIN, reply.Rcode
			default:
				a.Msg = reply
			}
			yield([]resolver.Answer{a})
		}
	}
	return context.Cause(ctx)
}

// rankOf is the rank of a domain that domainOf made up.
func rankOf(domain string) (rank int64) {
	_, _ = fmt.Sscanf(domain, "d%d.", &rank)
	return rank
}
