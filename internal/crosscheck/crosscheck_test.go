package crosscheck

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
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func domainOf(rank int64) string { return fmt.Sprintf("d%d.example.com", rank) }

func rankOf(domain string) (rank int64) {
	_, _ = fmt.Sscanf(domain, "d%d.", &rank)
	return rank
}

var upstreams = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("192.0.2.2:53")}

// other is an Engine that denies the records of domains of even rank, and lies about some.
type other struct {
	lie func(domain string, reply *dns.Msg) error

	mu    sync.Mutex
	asked map[string]int
}

func (e *other) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	reply := new(dns.Msg).SetReply(q)
	domain := strings.TrimSuffix(strings.TrimPrefix(q.Question[0].Name, mtasts.RecordLabel+"."), ".")
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asked == nil {
		e.asked = make(map[string]int)
	}
	e.asked[domain]++
	if rankOf(domain)%2 == 0 {
		reply.Rcode = dns.RcodeNameError
	} else {
		txt(reply, "v=STSv1; id=1;")
	}
	return reply, e.lie(domain, reply)
}

// Sweep tells denials apart, as that of a resolver does.
func (e *other) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	into := make([]resolver.Question, 7)
	for more := true; more && ctx.Err() == nil; {
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(time.Millisecond)
		}
		for _, q := range into[:n] {
			a := resolver.Answer{Tag: q.Tag, Outcome: resolver.Reply, Trace: resolver.Trace{Upstream: upstreams[0]}}
			reply, err := e.Exchange(ctx, new(dns.Msg).SetQuestion(q.Label+"."+q.Name+".", q.Type))
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

// finished is the Config of a check of a run that is finished, with so many parts of so many domains, and the
// directory of the run. Domains of odd rank have a record.
func finished(t *testing.T, parts, size int) (c Config, checked *atomic.Int64, dir string) {
	t.Helper()
	dir = t.TempDir()
	dataset, err := output.Open(dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	checked = new(atomic.Int64)
	c = Config{Dataset: dataset, InFlight: 50, Share: 1, Checked: func() { checked.Add(1) }}
	for k := range parts {
		first, last := int64(k*size+1), int64((k+1)*size)
		part, err := dataset.Create(k, first, last)
		if err != nil {
			t.Fatal(err)
		}
		for rank := first; rank <= last; rank++ {
			if err := part.Write([]output.Row{rowOf(rank)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := part.Commit(); err != nil {
			t.Fatal(err)
		}
		c.Parts = append(c.Parts, k)
	}
	return c, checked, dir
}

func rowOf(rank int64) output.Row {
	row := output.Row{
		Domain: domainOf(rank), Rank: rank, List: "test", Policy: string(codes.PolicyNotFetched), Pass: 1,
		TLD: "com", RegisteredLabels: new(int32(2)), Verdict: string(codes.VerdictUnknown),
		Resolver: upstreams[1].String(), ObservedAt: time.Now().UTC().Truncate(time.Second),
	}
	if rank%2 == 0 {
		row.Record, row.RecordReason = string(codes.RecordAbsent), string(codes.RecordNXDomain)
		row.TXTCount = new(int32(0))
		return row
	}
	row.Record, row.RecordID = string(codes.RecordValid), "1"
	row.TXT, row.TXTCount = [][]byte{[]byte("v=STSv1; id=1;")}, new(int32(1))
	return row
}

// Each way to disagree is found, in exact numbers, and no other; what has no answer neither agrees nor disagrees;
// no row changes.
func TestCrossCheck(t *testing.T) {
	c, checked, dir := finished(t, 3, 400)
	before := contents(t, dir)
	c.Engine = &other{lie: func(domain string, reply *dns.Msg) error {
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
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if want := (output.CrossCount{Checked: 600, Agree: 564, Disagree: 24, Unanswered: 12}); got.Negatives != want {
		t.Errorf("negatives %+v, want %+v", got.Negatives, want)
	}
	if want := (output.CrossCount{Checked: 600, Agree: 570, Disagree: 24, Unanswered: 6}); got.Positives != want {
		t.Errorf("positives %+v, want %+v", got.Positives, want)
	}
	kinds := map[output.CrossDifference]int64{"found": 24, "denied": 6, "class": 6, "txt": 12}
	if !maps.Equal(got.Kinds, kinds) {
		t.Errorf("kinds %v, want %v", got.Kinds, kinds)
	}
	if got.Trouble != "" || got.Listed != 48 || got.Share != 1 || checked.Load() != 1200 {
		t.Errorf("%+v, %d done", got, checked.Load())
	}
	text := contents(t, dir)["crosscheck.jsonl"]
	list, err := output.ReadDisagreements([]byte(text))
	if err != nil || len(list) != 48 {
		t.Fatalf("%d are listed, %v", len(list), err)
	}
	first := list[0]
	if first.Domain != "d1.example.com" || first.Rank != 1 || first.Kind != output.CrossDenied ||
		first.Record != "valid" || first.CrossRecord != "absent" ||
		first.CrossReason != "nxdomain" || len(first.TXT) != 1 || string(first.TXT[0]) != "v=STSv1; id=1;" ||
		len(first.CrossTXT) != 0 ||
		first.Resolver != upstreams[1].String() || first.CrossResolver != upstreams[0].String() ||
		first.CrossAt.Before(first.ObservedAt) {
		t.Errorf("first %+v", first)
	}
	if fourth := list[3]; fourth.Domain != "d4.example.com" || fourth.CrossRecord != "multiple" ||
		len(fourth.CrossTXT) != 2 {
		t.Errorf("fourth %+v", fourth)
	}
	after := contents(t, dir)
	delete(after, "crosscheck.jsonl")
	if !maps.Equal(before, after) {
		t.Error("the files of the run are others")
	}
}

// Who opted out while the run lasted is asked for no further, and unanswered; where it is not known who did,
// nothing is asked.
func TestCrossCheckExcluded(t *testing.T) {
	c, checked, _ := finished(t, 2, 10)
	engine := &other{lie: func(string, *dns.Msg) error { return nil }}
	c.Engine = engine
	path := filepath.Join(t.TempDir(), "exclude")
	if err := os.WriteFile(path, []byte("=d3.example.com\n=d13.example.com\n=d14.example.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	grown, err := domains.ReadExclusions(path)
	if err != nil {
		t.Fatal(err)
	}
	times := 0
	c.Excluded = func() (*domains.Exclusions, error) {
		if times++; times == 1 {
			return nil, nil
		}
		return grown, nil
	}
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := output.CrossCount{Checked: 10, Agree: 9, Unanswered: 1}
	if got.Negatives != want || got.Positives != want || got.Trouble != "" || checked.Load() != 20 {
		t.Errorf("%+v, %d done", got, checked.Load())
	}
	if n := engine.asked; len(n) != 18 || n["d13.example.com"] > 0 || n["d3.example.com"] == 0 {
		t.Errorf("asked %v", n)
	}
	c.Excluded = func() (*domains.Exclusions, error) { return nil, domains.ErrExclusions }
	if _, err := Run(t.Context(), c); !errors.Is(err, domains.ErrExclusions) {
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

// Of the domains without a record a share is asked for, the same one each time; of those with one all are, and each
// once.
func TestCrossCheckShare(t *testing.T) {
	c, _, _ := finished(t, 5, 400)
	c.Share = 0.05
	var first map[string]int
	for range 2 {
		asked := make(map[string]int)
		c.Engine = &other{lie: func(domain string, _ *dns.Msg) error { asked[domain]++; return nil }}
		got, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var sample int64
		for rank := int64(2); rank <= 2000; rank += 2 {
			if output.Sampled(domainOf(rank), 0.05) {
				sample++
			}
		}
		if sample < 30 || got.Negatives.Agree != sample || got.Negatives.Checked != sample ||
			got.Positives.Agree != 1000 || int64(len(asked)) != sample+1000 {
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

// Resolvers that are not there, and those that never answer, cost neither the run nor much time: every domain is
// accounted for, and the trouble is told.
func TestCrossCheckSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for answers that do not come")
	}
	c, _, _ := finished(t, 2, 1500)
	silent := netip.MustParseAddrPort(silentPort(t))
	for name, upstream := range map[string]netip.AddrPort{"closed": netip.MustParseAddrPort("127.0.0.1:9"),
		"silence": silent} {
		t.Run(name, func(t *testing.T) {
			engine, err := resolver.New(resolver.Config{Upstreams: []netip.AddrPort{upstream},
				Timeout: 200 * time.Millisecond, Retries: 1, InFlight: 50, Lanes: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			c.Engine = engine
			began := time.Now()
			got, err := Run(t.Context(), c)
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
	c.Engine = &other{lie: func(_ string, reply *dns.Msg) error {
		asked++
		reply.Rcode, reply.Answer = dns.RcodeRefused, nil
		return nil
	}}
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got.Negatives.Unanswered+got.Positives.Unanswered != 3000 ||
		!strings.HasPrefix(got.Trouble, "1000 of 1000 domains had no answer") || asked > 1500 {
		t.Errorf("refused: %+v, %d were asked", got, asked)
	}
}

// Disagreements without end are counted, and listed up to a bound. A cross-check that is asked to stop leaves
// nothing.
func TestCrossCheckBounds(t *testing.T) {
	c, _, dir := finished(t, 2, 600)
	long := strings.Repeat("x", 250)
	c.Engine = &other{lie: func(_ string, reply *dns.Msg) error {
		txt(reply, slices.Repeat([]string{"v=STSv1; id=9;", long}, 32)...)
		return nil
	}}
	got, err := Run(t.Context(), c)
	if err != nil || got.Kinds[output.CrossFound] != 600 || got.Kinds[output.CrossClass] != 600 {
		t.Errorf("%+v, %v", got, err)
	}
	if size := len(contents(t, dir)["crosscheck.jsonl"]); got.Listed == 1200 || size > 2*maxDisagreementOctets {
		t.Errorf("%d are listed in %d octets", got.Listed, size)
	}

	if err := os.Remove(filepath.Join(dir, "crosscheck.jsonl")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	c.Engine = &other{lie: func(domain string, _ *dns.Msg) error {
		if rankOf(domain) > 300 {
			stop()
		}
		return nil
	}}
	if got, err := Run(ctx, c); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, there := contents(t, dir)["crosscheck.jsonl"]; there {
		t.Error("a cross-check that was interrupted has a file")
	}
}

// silentPort is a port without a server.
func silentPort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}
