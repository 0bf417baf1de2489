package pipeline

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inMemory is an Engine that asks a world without sockets, one name at a time.
type inMemory struct {
	resolver.Unwatched
	world *simnet.World
}

func (e inMemory) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	return e.world.Exchange(ctx, q)
}

func (e inMemory) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	into := make([]resolver.Question, 1)
	for more := true; more && ctx.Err() == nil; {
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		q := into[0]
		a := resolver.Answer{Tag: q.Tag, Outcome: resolver.Reply}
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		msg := message(q).SetEdns0(1232, false)
		if a.Msg, a.Err = e.world.Exchange(attempt, msg); a.Err != nil {
			a.Outcome, a.Rcode = resolver.Failed, -1
		}
		cancel()
		a.Trace = resolver.Trace{Attempts: 1, Upstream: netip.MustParseAddrPort("127.0.0.1:53")}
		yield([]resolver.Answer{a})
	}
	return context.Cause(ctx)
}

// message asks a question of a Sweep.
func message(q resolver.Question) *dns.Msg {
	owner := dns.Fqdn(q.Name)
	if q.Label != "" {
		owner = q.Label + "." + owner
	}
	return new(dns.Msg).SetQuestion(owner, q.Type)
}

// inWorld is the Config of a run or a survey that asks a world in memory.
func inWorld(t *testing.T, world *simnet.World) Config {
	t.Helper()
	return inEngine(t, inMemory{world: world}, world)
}

// inEngine is inWorld with another engine.
func inEngine(t *testing.T, engine Engine, world *simnet.World) Config {
	t.Helper()
	transport, err := egress.NewTransport(egress.Config{
		Manners: egress.NoManners(),
		Resolve: survey.Hosts(engine, nil), Dial: world.DialContext, Roots: world.Roots(), UserAgent: "stsscan/test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return Config{Engine: engine, Client: &mtasts.Client{Exchanger: engine, Transport: transport}}
}

// listed are Chunks of names made up here, size names a part.
type listed struct{ parts, size int }

func (l listed) Ranks(k int) (first, last int64) {
	return int64(k*l.size + 1), int64((k + 1) * l.size)
}

func (l listed) Open(k int) (Names, error) {
	first, last := l.Ranks(k)
	return &madeUp{first, last}, nil
}

// madeUp are the names from one rank to another.
type madeUp struct{ next, last int64 }

func (m *madeUp) Next(into []domains.Name) (n int, err error) {
	for ; n < len(into) && m.next <= m.last; n++ {
		into[n] = domains.Name{Domain: domainOf(m.next), Rank: m.next, List: "made up"}
		m.next++
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (m *madeUp) Close() error { return nil }

func domainOf(rank int64) string { return fmt.Sprintf("d%d.example.com", rank) }

// rowsIn reads the rows of all parts of a directory, by domain.
func rowsIn(t *testing.T, dir string) map[string]*output.Row {
	t.Helper()
	paths, err := output.PartPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]*output.Row)
	for _, path := range paths {
		for row, err := range output.ReadPart(path) {
			if err != nil {
				t.Fatal(err)
			}
			if rows[row.Domain] != nil {
				t.Errorf("%s has two rows", row.Domain)
			}
			copied := *row
			rows[row.Domain] = &copied
		}
	}
	return rows
}

// surveyorOf makes the surveys of a run.
func surveyorOf(ctx context.Context, c Config) *survey.Surveyor {
	c = c.withDefaults()
	return c.surveyor(ctx, false, false)
}

// rowFrom is the row that a survey makes which starts from an answer.
func rowFrom(t *testing.T, r *survey.Surveyor, name *domains.Name, first *survey.FirstAnswer) *output.Row {
	t.Helper()
	result, err := r.Survey(name, new(survey.Previous), first, func(*output.Row) (bool, error) { return true, nil })
	if err != nil {
		t.Fatal(err)
	}
	return result.Row
}

// lookedUp is the row of a domain that is asked alone.
func lookedUp(ctx context.Context, c Config, name domains.Name) (*output.Row, error) {
	return survey.Domain(ctx, survey.Config{Client: c.Client, Mail: c.Mail, LastDeadline: c.LastDeadline}, name)
}
