package resolver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// preflightServer answers everything over TCP.
func preflightServer(t *testing.T, p play) *server { return serve(t, p, tcpGood) }

// What a preflight finds, by what the upstream does.
func TestPreflight(t *testing.T) {
	t.Parallel()
	zone := canaryZone + "."
	instead := func(matches func(name string) bool, p play) play {
		return func(q *dns.Msg, send func([]byte)) {
			if matches(strings.ToLower(q.Question[0].Name)) {
				p(q, send)
				return
			}
			honest(absent)(q, send)
		}
	}
	is := func(label string) func(string) bool {
		return func(name string) bool { return name == label+"."+zone }
	}
	random := func(name string) bool {
		return strings.Count(name, ".") == strings.Count(zone, ".")+1 && len(name) > 20+len(zone)
	}
	for _, c := range []struct {
		title string
		play  play
		fails string // checks, in order
		err   error
		words string
	}{
		{"sound", honest(absent), "", nil, ""},
		{"silent", silence, "answers", ErrSilent, "no answer for TXT present.canary.example"},
		{"refusing", rcode(dns.RcodeRefused), "answers", ErrSilent, "REFUSED"},
		{"denying", denyAll, "truth", ErrPreflight, "which exists, is denied: NXDOMAIN"},
		{"making up answers", instead(random, good), "no_rewriting", ErrPreflight, "which cannot exist, has an answer"},
		{"leaving out SOAs", instead(random, rcode(dns.RcodeNameError)), "soa", nil, "without an SOA"},
		{"leaving out SOAs, of NODATA", instead(random, rcode(dns.RcodeSuccess)), "soa", nil, "without an SOA"},
		{"not validating", instead(is("bogus"), good), "bogus", nil, "does not validate"},
		{"without AD", instead(is("present"), good), "signed", nil, "does not validate"},
		{"cutting long answers", instead(is("big"), silence), "tcp", nil, "over TCP"},
		{"dropping what is slow", instead(func(name string) bool { return strings.HasSuffix(name, ".slow."+zone) }, silence), "slow", nil, "discard-timeout"},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			timeout, slow := patience, patience
			switch c.title {
			case "silent", "refusing", "cutting long answers":
				timeout = fairness
			case "dropping what is slow":
				slow = brevity
			}
			r := open(t, Config{Timeout: timeout}, preflightServer(t, c.play))
			p := Preflight{Zone: canaryZone, Flood: 150, Slow: true, slowTime: slow}
			checks, canaries, err := r.Preflight(t.Context(), p)
			var failed []string
			for _, check := range checks {
				if !check.OK {
					failed = append(failed, check.Name)
					if !strings.Contains(check.Words, c.words) {
						t.Errorf("%s: %q", check.Name, check.Words)
					}
				}
			}
			if strings.Join(failed, " ") != c.fails || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("failed %v, error %v; want %q, %v", failed, err, c.fails, c.err)
			}
			if err == nil && len(canaries) != 2 {
				t.Errorf("canaries %v", canaries)
			}
		})
	}
}

// A resolver may drop questions while many wait, as Unbound's wait-limit does.
func TestPreflightFlood(t *testing.T) {
	t.Parallel()
	const limit, drops = 20, 50 // that wait; that are dropped until those have their answers
	const size = 200            // of the flood: what the server's socket holds while the server does not run
	zone := canaryZone + "."
	waiting, dropped := 0, 0
	var late []func()
	s := preflightServer(t, func(q *dns.Msg, send func([]byte)) {
		name := q.Question[0].Name
		switch slow := strings.HasSuffix(name, ".slow."+zone); {
		case slow && waiting < limit:
			waiting++
			late = append(late, func() { rcode(dns.RcodeServerFailure)(q, send) })
		case slow:
		case waiting < limit, dropped >= drops:
			honest(absent)(q, send)
		default:
			if dropped++; dropped == drops {
				for _, answer := range late {
					answer()
				}
			}
		}
	})
	r := open(t, Config{Timeout: patience / 4}, s)
	checks, _, err := r.Preflight(t.Context(), Preflight{Zone: canaryZone, Flood: size, Slow: true, slowTime: patience})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.OK != (c.Name != "flood") || c.Name == "flood" &&
			!strings.Contains(c.Words, "of 100 questions got no answer while 100 others waited") {
			t.Errorf("%+v", c)
		}
	}
}

// An upstream that knows the root and denies all else is found, by the brief preflight too, which asks little.
func TestPreflightBrief(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		known string // domains with a record
		err   error
	}{
		{"gmail.com outlook.com yahoo.com", nil},
		{"yahoo.com", nil},
		{"", ErrPreflight},
	} {
		var asked atomic.Int32
		r := open(t, Config{Timeout: patience}, preflightServer(t, func(q *dns.Msg, send func([]byte)) {
			asked.Add(1)
			name := strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".")
			switch domain, record := strings.CutPrefix(name, "_mta-sts."); {
			case name == "":
				m := new(dns.Msg).SetReply(q)
				m.Answer = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeNS, Class: dns.ClassINET}, Ns: "a."}}
				send(packed(m))
			case record && slices.Contains(strings.Fields(tt.known), domain):
				good(q, send)
			default:
				absent(q, send)
			}
		}))
		for _, p := range []Preflight{{Brief: true}, {Flood: 20}} {
			asked.Store(0)
			checks, _, err := r.Preflight(t.Context(), p)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || p.Brief && asked.Load() > 7 {
				t.Errorf("%q are known, %+v: error %v after %d questions, %+v", tt.known, p, err, asked.Load(), checks)
			}
			const denies = "it denies the records of gmail.com, outlook.com, yahoo.com, which exist"
			if err != nil && !strings.Contains(err.Error(), denies) {
				t.Error(err)
			}
		}
	}
}

// A dead upstream beside one that answers ends nothing. Without a zone of canaries, well-known MTA-STS records become
// canaries where they are found.
func TestPreflightOfTwo(t *testing.T) {
	t.Parallel()
	world := func(q *dns.Msg, send func([]byte)) {
		switch name := strings.ToLower(q.Question[0].Name); {
		case name == ".":
			m := new(dns.Msg).SetReply(q)
			m.AuthenticatedData = true
			header := dns.RR_Header{Name: ".", Rrtype: q.Question[0].Qtype, Class: dns.ClassINET}
			m.Answer = []dns.RR{&dns.NS{Hdr: header, Ns: "a."}}
			if q.Question[0].Qtype != dns.TypeNS {
				m.Answer = nil
			}
			send(packed(m))
		case name == "dnssec-failed.org.":
			rcode(dns.RcodeServerFailure)(q, send)
		case strings.HasPrefix(name, "_mta-sts."):
			good(q, send)
		default:
			absent(q, send)
		}
	}
	r := open(t, Config{Timeout: fairness / 2, InFlight: 50}, preflightServer(t, world))
	checks, canaries, err := r.Preflight(t.Context(), Preflight{})
	if err != nil || fmt.Sprint(canaries) != "[TXT _mta-sts.gmail.com a random name below com]" {
		t.Errorf("canaries %v, error %v, %+v", canaries, err, checks)
	}
	r = open(t, Config{Timeout: fairness / 2, InFlight: 50}, preflightServer(t, world), serve(t, silence, nil))
	checks, canaries, err = r.Preflight(t.Context(), Preflight{})
	if err != nil || fmt.Sprint(canaries) != "[NS . a random name below com]" {
		t.Errorf("canaries %v, error %v, %+v", canaries, err, checks)
	}
}
