package resolver

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// listed gives n questions for names d0.example to d<n-1>.example, each with its number as tag.
func listed(n int) func([]Question) (int, bool) {
	i := -1
	return inBatches(func() (Question, bool) {
		if i++; i >= n {
			return Question{}, false
		}
		return Question{Label: "_mta-sts", Name: "d" + strconv.Itoa(i) + ".example", Type: dns.TypeTXT, Tag: int64(i)}, true
	})
}

// inBatches gives the questions of next some at a time.
func inBatches(next func() (Question, bool)) func([]Question) (int, bool) {
	return func(into []Question) (int, bool) {
		for i := range into {
			q, ok := next()
			if !ok {
				return i, false
			}
			into[i] = q
		}
		return len(into), true
	}
}

// number is that of the domain in a question of listed.
func number(q *dns.Msg) int {
	_, after, _ := strings.Cut(strings.ToLower(q.Question[0].Name), ".d")
	n, _ := strconv.Atoi(strings.TrimSuffix(after, ".example."))
	return n
}

// gathered collects answers by tag.
type gathered struct {
	mu      sync.Mutex
	answers map[int64][]Answer
}

func (g *gathered) yield(answers []Answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.answers == nil {
		g.answers = make(map[int64][]Answer)
	}
	for _, a := range answers {
		g.answers[a.Tag] = append(g.answers[a.Tag], a)
	}
}

// denial is a reply that says no, with an SOA of zone.
func denial(q *dns.Msg, code int, zone string) *dns.Msg {
	m := new(dns.Msg).SetRcode(q, code)
	if zone != "" {
		m.Ns = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 900},
			Ns:  "ns1." + strings.TrimPrefix(zone, "."), Mbox: "hostmaster." + strings.TrimPrefix(zone, "."),
			Serial: 1, Refresh: 2, Retry: 3, Expire: 4, Minttl: 5,
		}}
	}
	return m.SetEdns0(dnswire.UDPSize, false)
}

// mixed answers in a way that depends on the number of the domain.
func mixed(q *dns.Msg, send func([]byte)) {
	n := number(q)
	switch n % 10 {
	case 0:
		good(q, send)
	case 1:
		send(packed(denial(q, dns.RcodeSuccess, fmt.Sprintf("d%d.example.", n))))
	case 2:
		rcode(dns.RcodeServerFailure)(q, send)
	case 3:
		cut(q, send)
	case 4:
		for _, forge := range forgeries() {
			send(forge(q))
		}
		fallthrough
	default:
		send(packed(denial(q, dns.RcodeNameError, "example.")))
	}
}

// tcpMixed is mixed for questions that are repeated over TCP.
func tcpMixed(c net.Conn) {
	q, err := tcpQuestion(c)
	if err != nil {
		return
	}
	if n := number(q) % 10; n == 3 {
		_ = tcpSend(c, packed(answer(q)))
		return
	}
	var last []byte
	mixed(q, func(packet []byte) { last = packet })
	_ = tcpSend(c, last)
}

func TestSweepAnswersEachQuestionOnce(t *testing.T) {
	for _, sockets := range everyMethod() {
		t.Run(string(sockets), func(t *testing.T) { answersEachQuestionOnce(t, Config{InFlight: 300, Sockets: sockets}) })
	}
	t.Run("two lanes", func(t *testing.T) { answersEachQuestionOnce(t, Config{InFlight: 300, Lanes: 2}) })
}

func answersEachQuestionOnce(t *testing.T, c Config) {
	const n = 4000
	r := open(t, c, serve(t, mixed, tcpMixed), serve(t, mixed, tcpMixed))
	var g gathered
	var busy atomic.Bool
	next := listed(n)
	err := r.Sweep(t.Context(), func(into []Question) (int, bool) {
		if busy.Swap(true) {
			t.Error("next is called while it runs")
		}
		defer busy.Store(false)
		return next(into)
	}, g.yield)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.answers) != n {
		t.Fatalf("%d tags answered, want %d", len(g.answers), n)
	}
	for tag, answers := range g.answers {
		a := answers[0]
		if len(answers) != 1 || a.Err != nil || !a.Trace.Upstream.IsValid() || a.Trace.Attempts < 1 {
			t.Fatalf("tag %d: %+v", tag, answers)
		}
		domain := fmt.Sprintf("d%d.example", tag)
		var ok bool
		switch tag % 10 {
		case 0, 3:
			ok = a.Outcome == Reply && a.Msg.Answer[0].(*dns.TXT).Txt[0] == "answer for _mta-sts."+domain &&
				(a.Trace.TCP || tag%10 == 0)
		case 1:
			ok = a.Outcome == NODATA && a.Zone == domain && a.Msg == nil
		case 2:
			ok = a.Outcome == Reply && a.Rcode == dns.RcodeServerFailure && a.Msg.Rcode == a.Rcode
		default:
			ok = a.Outcome == NXDOMAIN && a.Zone == "example" && a.Rcode == dns.RcodeNameError && a.Msg == nil
		}
		if !ok {
			t.Fatalf("tag %d: %+v", tag, a)
		}
	}
}

// The back-pressure of next and of yield stops the questions, and nothing else.
func TestSweepWindow(t *testing.T) {
	const window, n = 7, 200
	var flying, most atomic.Int64
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		now := flying.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		time.AfterFunc(time.Millisecond, func() { flying.Add(-1); good(q, send) })
	}, nil)
	var g gathered
	if err := open(t, Config{InFlight: window}, s).Sweep(t.Context(), listed(n), g.yield); err != nil ||
		len(g.answers) != n {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	if most.Load() > window {
		t.Errorf("%d questions in flight, want at most %d", most.Load(), window)
	}
}

// The largest number of attempts comes to an end.
func TestSweepOfManyAttempts(t *testing.T) {
	s := serve(t, rcode(dns.RcodeServerFailure), nil)
	var g gathered
	if err := open(t, Config{Retries: MaxRetries}, s).Sweep(t.Context(), listed(3), g.yield); err != nil ||
		len(g.answers) != 3 {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	for _, answers := range g.answers {
		if a := answers[0]; a.Rcode != dns.RcodeServerFailure || a.Trace.Attempts != 1+MaxRetries {
			t.Errorf("%+v", a)
		}
	}
}

func TestSweepOfNothing(t *testing.T) {
	r := open(t, Config{}, serve(t, silence, nil))
	if err := r.Sweep(t.Context(), listed(0), func([]Answer) { t.Error("an answer to nothing") }); err != nil {
		t.Error(err)
	}
}

func TestSweepRefusesBadNames(t *testing.T) {
	names := []string{"", ".", "a..example", `a\.b.example`, strings.Repeat("a", 64) + ".example",
		strings.Repeat("abcdefg.", 32) + "example"}
	s := serve(t, good, nil)
	var g gathered
	i := -1
	err := open(t, Config{}, s).Sweep(t.Context(), inBatches(func() (Question, bool) {
		if i++; i >= len(names) {
			return Question{}, false
		}
		return Question{Name: names[i], Type: dns.TypeTXT, Tag: int64(i)}, true
	}), g.yield)
	if err != nil {
		t.Fatal(err)
	}
	for tag, name := range names {
		a := g.answers[int64(tag)]
		if len(a) != 1 || a[0].Outcome != Failed || a[0].Rcode != -1 {
			t.Errorf("%q: %+v", name, a)
			continue
		}
		wantError(t, a[0].Err, codes.RecordMalformed, false)
	}
	if s.asked.Load() != 0 {
		t.Error("something was sent")
	}
}
