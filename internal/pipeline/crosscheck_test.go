package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// halfTown is a town in which the domains of even rank have no record.
func halfTown() *town {
	w := newTown()
	w.fails = func(domain string, _ int) int {
		if rankOf(domain)%2 == 0 {
			return dns.RcodeNameError
		}
		return 0
	}
	return w
}

func rankOf(domain string) (rank int64) {
	_, _ = fmt.Sscanf(domain, "d%d.", &rank)
	return rank
}

// A liar is an Engine that says something else of some domains.
type liar struct {
	*town
	lie func(domain string, reply *dns.Msg) error
}

func (l *liar) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	reply, err := l.town.Exchange(ctx, q)
	if err != nil || q.Question[0].Qtype != dns.TypeTXT {
		return reply, err
	}
	return reply, l.lie(strings.TrimSuffix(strings.TrimPrefix(q.Question[0].Name, recordLabel+"."), "."), reply)
}

func (l *liar) Sweep(ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer)) error {
	return sweepBy(l.Exchange, ctx, next, yield)
}

// sweepBy is a Sweep that tells denials apart, as that of a resolver does.
func sweepBy(exchange func(context.Context, *dns.Msg) (*dns.Msg, error), ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer)) error {
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

// txt makes reply an answer of TXT records.
func txt(reply *dns.Msg, texts ...string) {
	reply.Rcode, reply.Answer = dns.RcodeSuccess, nil
	for _, text := range texts {
		head := dns.RR_Header{Name: reply.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60}
		reply.Answer = append(reply.Answer, &dns.TXT{Hdr: head, Txt: []string{text}})
	}
}

// halfSurvey is a survey of halfTown, done.
func halfSurvey(t *testing.T, list listed) (*townSurvey, CrossConfig) {
	t.Helper()
	s := halfTown().survey(t, list, 1)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	return s, CrossConfig{Dataset: s.Dataset, Parts: slices.Sorted(maps.Keys(s.parts)), InFlight: 50, Share: 1, Stats: new(Stats)}
}

// Each way to disagree is found, in exact numbers, and no other; what has no
// answer neither agrees nor disagrees; no row changes.
func TestCrossCheck(t *testing.T) {
	s, c := halfSurvey(t, listed{parts: 3, size: 400})
	before := contents(t, s.dir)
	c.Engine = &liar{halfTown(), func(domain string, reply *dns.Msg) error {
		switch rank := rankOf(domain); {
		case rank%100 == 2: // has none, and here is one
			txt(reply, "v=STSv1; id=1;")
		case rank%100 == 4:
			txt(reply, "v=STSv1; id=1;", "v=STSv1; id=2;")
		case rank%100 == 6: // other words for the same
			txt(reply, "v=spf1 -all")
		case rank%100 == 8:
			return errors.New("lost")
		case rank%200 == 1:
			txt(reply)
			reply.Rcode = dns.RcodeNameError
		case rank%200 == 3:
			txt(reply, "v=STSv1; id=-;")
		case rank%200 == 5:
			txt(reply, "v=STSv1; id=2;")
		case rank%200 == 7:
			txt(reply, "v=STSv1; id=1;", "other")
		case rank%200 == 9:
			reply.Rcode = dns.RcodeServerFailure
		}
		return nil
	}}
	got, err := CrossCheck(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if want := (output.CrossCount{Checked: 600, Agree: 564, Disagree: 24, Unanswered: 12}); got.Negatives != want {
		t.Errorf("negatives %+v, want %+v", got.Negatives, want)
	}
	if want := (output.CrossCount{Checked: 600, Agree: 570, Disagree: 24, Unanswered: 6}); got.Positives != want {
		t.Errorf("positives %+v, want %+v", got.Positives, want)
	}
	if want := (map[output.CrossDifference]int64{"found": 24, "denied": 6, "class": 6, "txt": 12}); !maps.Equal(got.Kinds, want) {
		t.Errorf("kinds %v, want %v", got.Kinds, want)
	}
	if got.Trouble != "" || got.Listed != 48 || got.Share != 1 || c.Stats.Counts().Crossed != 1200 {
		t.Errorf("%+v, %d done", got, c.Stats.Counts().Crossed)
	}
	text := contents(t, s.dir)["crosscheck.jsonl"]
	list, err := output.ReadDisagreements([]byte(text))
	if err != nil || len(list) != 48 {
		t.Fatalf("%d are listed, %v", len(list), err)
	}
	first := list[0]
	if first.Domain != "d1.example.com" || first.Rank != 1 || first.Kind != output.CrossDenied || first.Record != "valid" || first.CrossRecord != "absent" ||
		first.CrossReason != "nxdomain" || len(first.TXT) != 1 || string(first.TXT[0]) != "v=STSv1; id=1;" || len(first.CrossTXT) != 0 ||
		first.Resolver != upstreams[1].String() || first.CrossResolver != upstreams[0].String() || first.CrossAt.Before(first.ObservedAt) {
		t.Errorf("first %+v", first)
	}
	if fourth := list[3]; fourth.Domain != "d4.example.com" || fourth.CrossRecord != "multiple" || len(fourth.CrossTXT) != 2 {
		t.Errorf("fourth %+v", fourth)
	}
	after := contents(t, s.dir)
	delete(after, "crosscheck.jsonl")
	if !maps.Equal(before, after) {
		t.Error("the files of the run are others")
	}
}

// Who opted out while the run lasted is asked for no further, and unanswered; where
// nobody can say who did, nobody is asked.
func TestCrossCheckExcluded(t *testing.T) {
	_, c := halfSurvey(t, listed{parts: 2, size: 10})
	engine := halfTown()
	c.Engine = &liar{engine, func(string, *dns.Msg) error { return nil }}
	grown := exclusions(t, "=d3.example.com", "=d13.example.com", "=d14.example.com")
	times := 0
	c.Excluded = func() (*domains.Exclusions, error) {
		if times++; times == 1 {
			return nil, nil
		}
		return grown, nil
	}
	got, err := CrossCheck(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := output.CrossCount{Checked: 10, Agree: 9, Unanswered: 1}
	if got.Negatives != want || got.Positives != want || got.Trouble != "" || c.Stats.Counts().Crossed != 20 {
		t.Errorf("%+v, %d done", got, c.Stats.Counts().Crossed)
	}
	if names := engine.asked(); len(names) != 18 || slices.Contains(names, "d13.example.com") || !slices.Contains(names, "d3.example.com") {
		t.Errorf("asked %q", names)
	}
	c.Excluded = func() (*domains.Exclusions, error) { return nil, domains.ErrExclusions }
	if _, err := CrossCheck(t.Context(), c); !errors.Is(err, domains.ErrExclusions) {
		t.Errorf("%v", err)
	}
}

// contents are the files of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(data)
	}
	return files
}

// Of the domains without a record a share is asked for, the same one each time;
// of those with one all are, and each once.
func TestCrossCheckShare(t *testing.T) {
	_, c := halfSurvey(t, listed{parts: 5, size: 400})
	c.Share = 0.05
	var first map[string]int
	for range 2 {
		asked := make(map[string]int)
		c.Engine = &liar{halfTown(), func(domain string, _ *dns.Msg) error { asked[domain]++; return nil }}
		got, err := CrossCheck(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var sample int64
		for rank := int64(2); rank <= 2000; rank += 2 {
			if output.Sampled(domainOf(rank), 0.05) {
				sample++
			}
		}
		if sample < 30 || got.Negatives.Agree != sample || got.Negatives.Checked != sample || got.Positives.Agree != 1000 || int64(len(asked)) != sample+1000 {
			t.Errorf("%+v, %d domains were asked for, %d are in the share", got, len(asked), sample)
		}
		for domain, n := range asked {
			if n != 1 {
				t.Errorf("%s was asked for %d times", domain, n)
			}
		}
		if first == nil {
			first = asked
		}
		if !maps.Equal(first, asked) {
			t.Error("other domains are asked for the second time")
		}
	}
}

// Resolvers that are not there, and those that answer nobody, cost neither the run
// nor much time: every domain is accounted for, and the trouble is told.
func TestCrossCheckSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for answers that do not come")
	}
	_, c := halfSurvey(t, listed{parts: 2, size: 1500})
	silent := netip.MustParseAddrPort(silentPort(t))
	for name, upstream := range map[string]netip.AddrPort{"nobody": netip.MustParseAddrPort("127.0.0.1:9"), "silence": silent} {
		t.Run(name, func(t *testing.T) {
			engine, err := resolver.New(resolver.Config{Upstreams: []netip.AddrPort{upstream}, Timeout: 200 * time.Millisecond, Retries: 1, InFlight: 50, Lanes: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			c.Engine = engine
			began := time.Now()
			got, err := CrossCheck(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			want := output.CrossCount{Checked: 1500, Unanswered: 1500}
			if got.Negatives != want || got.Positives != want || got.Trouble == "" || got.Listed != 0 {
				t.Errorf("%+v", got)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			t.Log(got.Trouble)
		})
	}
	asked := 0
	c.Engine = &liar{halfTown(), func(_ string, reply *dns.Msg) error {
		asked++
		reply.Rcode, reply.Answer = dns.RcodeRefused, nil
		return nil
	}}
	got, err := CrossCheck(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got.Negatives.Unanswered+got.Positives.Unanswered != 3000 || !strings.HasPrefix(got.Trouble, "1000 of 1000 domains had no answer") || asked > 1500 {
		t.Errorf("refused: %+v, %d were asked", got, asked)
	}
}

// Disagreements without end are counted, and listed up to a bound. A cross-check
// that is asked to stop leaves nothing.
func TestCrossCheckBounds(t *testing.T) {
	s, c := halfSurvey(t, listed{parts: 2, size: 600})
	long := strings.Repeat("x", 250)
	c.Engine = &liar{halfTown(), func(_ string, reply *dns.Msg) error {
		txt(reply, slices.Repeat([]string{"v=STSv1; id=9;", long}, 32)...)
		return nil
	}}
	got, err := CrossCheck(t.Context(), c)
	if err != nil || got.Kinds[output.CrossFound] != 600 || got.Kinds[output.CrossClass] != 600 {
		t.Errorf("%+v, %v", got, err)
	}
	if size := len(contents(t, s.dir)["crosscheck.jsonl"]); got.Listed == 1200 || size > 2*maxDisagreementOctets {
		t.Errorf("%d are listed in %d octets", got.Listed, size)
	}

	if err := os.Remove(filepath.Join(s.dir, "crosscheck.jsonl")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	c.Engine = &liar{halfTown(), func(domain string, _ *dns.Msg) error {
		if rankOf(domain) > 300 {
			stop()
		}
		return nil
	}}
	if got, err := CrossCheck(ctx, c); !errors.Is(err, ErrInterrupted) || got != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, there := contents(t, s.dir)["crosscheck.jsonl"]; there {
		t.Error("a cross-check that was interrupted has a file")
	}
}

// silentPort is a port on which nobody answers.
func silentPort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}
